#!/bin/sh
echo inventory
