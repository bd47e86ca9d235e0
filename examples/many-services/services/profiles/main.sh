#!/bin/sh
echo profiles
