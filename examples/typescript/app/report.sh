#!/bin/sh
echo "$(date -u +%F): all shelves are full"
