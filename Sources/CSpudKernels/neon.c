// Kernels for NEON with products of bytes (ARMv8.2's dot product).
#include "common.h"

#if defined(__aarch64__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#define NAME(x) x##_neon
#include "neon_template.h"
#pragma clang attribute pop
#else
const spud_kernels *spud_kernels_neon(void) { return NULL; }
#endif
