#!/bin/sh
echo ratings
