#!/bin/sh
echo billing
