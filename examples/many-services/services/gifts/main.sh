#!/bin/sh
echo gifts
