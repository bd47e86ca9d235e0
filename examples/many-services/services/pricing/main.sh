#!/bin/sh
echo pricing
