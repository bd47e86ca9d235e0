#!/bin/sh
echo invoices
