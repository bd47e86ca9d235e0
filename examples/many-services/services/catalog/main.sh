#!/bin/sh
echo catalog
