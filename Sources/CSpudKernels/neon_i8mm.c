// Kernels for NEON with products of unsigned bytes with signed ones (ARMv8.6's i8mm).
#include "common.h"

#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)
#define NAME(x) x##_neon_i8mm
#define HAS_I8MM
#include "neon_template.h"
#pragma clang attribute pop
#else
const spud_kernels *spud_kernels_neon_i8mm(void) { return NULL; }
#endif
