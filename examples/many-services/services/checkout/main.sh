#!/bin/sh
echo checkout
