#!/bin/sh
echo gateway
