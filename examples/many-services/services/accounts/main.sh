#!/bin/sh
echo accounts
