#!/bin/sh
echo coupons
