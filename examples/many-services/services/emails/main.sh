#!/bin/sh
echo emails
