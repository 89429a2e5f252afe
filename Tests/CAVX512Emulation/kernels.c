// The AVX-512 kernels on any x86-64 processor with AVX2: the same source, its intrinsics in C. So whoever changes them
// can test what they compute, though not how fast, without such a machine.
#if defined(__x86_64__)
#ifdef __clang__
// To optimize intrinsics that are loops takes ten minutes, and saves their tests none.
#pragma clang optimize off
#endif
#include "include/avx512_emulation.h"
#include "intrinsics.h"
#include "tiles.h"
#define EMULATES_AVX512
#define NAME(x) x##_emulated
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define TILE_TARGET TARGET
#define VECTOR_OPERAND "+m"

EMULATED void dot32(__m512i dots[2], __m512i low, __m512i high, const uint8_t *input) {
  int32_t four;
  memcpy(&four, input, sizeof four);
  dots[0] = _mm512_dpbusd_epi32(dots[0], low, _mm512_set1_epi32(four));
  dots[1] = _mm512_dpbusd_epi32(dots[1], high, _mm512_set1_epi32(four));
}

#include "../../Sources/CSpudKernels/avx512.c"

int64_t spud_emulated_operations(void) { return emulated_operations; }
const spud_kernels *spud_kernels_avx512_emulated(void) { return spud_cpu_has_avx2() ? spud_kernels_emulated() : NULL; }
const spud_kernels *spud_kernels_amx_emulated(void) {
  return spud_cpu_has_avx2() ? spud_kernels_tiles_emulated() : NULL;
}
#else
#include "include/avx512_emulation.h"
int64_t spud_emulated_operations(void) { return 0; }
#endif
