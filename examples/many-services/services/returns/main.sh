#!/bin/sh
echo returns
