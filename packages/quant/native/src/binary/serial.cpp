/*
 * serial.cpp - one dimension after the other.
 */
#include "binary.h"

RV_DEFINE_BINARY(serial);
