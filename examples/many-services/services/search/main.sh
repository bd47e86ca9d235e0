#!/bin/sh
echo search
