#!/bin/sh
echo payments
