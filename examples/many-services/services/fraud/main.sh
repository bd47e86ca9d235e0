#!/bin/sh
echo fraud
