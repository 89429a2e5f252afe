// The intrinsics that avx512.c uses, in C, as Intel's guide defines them
// (intel.com/content/www/us/en/docs/intrinsics-guide), by the names that it gives them: <immintrin.h> must not be
// included beside this. For what they compute, not for speed.
#pragma once
#include "../../Sources/CSpudKernels/common.h"

typedef float __m512 __attribute__((vector_size(64)));
typedef long long __m512i __attribute__((vector_size(64)));
typedef __bf16 __m512bh __attribute__((vector_size(64)));
typedef long long __m256i __attribute__((vector_size(32)));
typedef long long __m128i __attribute__((vector_size(16)));
typedef uint16_t __mmask16;
typedef uint32_t __mmask32;
typedef int32_t ints __attribute__((vector_size(64)));
typedef uint32_t words __attribute__((vector_size(64)));

#define EMULATED static inline __attribute__((always_inline, unused, target("avx2,fma,f16c")))
#define EACH(n) for (int i = 0; i < (n); i++)

/// Operations of the instructions below that multiply and add, a multiply-add being two, since the thread began.
static _Thread_local int64_t emulated_operations;

/// A register's lanes, however they are looked at.
typedef union {
  __m512 ps;
  __m512i si;
  __m512bh bh;
  float floats[16];
  uint32_t words[16];
  uint16_t halves[32];
  uint8_t bytes[64];
} lanes;

EMULATED lanes lanes_at(const void *from) {
  lanes r;
  memcpy(&r, from, sizeof r);
  return r;
}

EMULATED __m512 _mm512_loadu_ps(const void *from) { return lanes_at(from).ps; }
EMULATED __m512i _mm512_loadu_si512(const void *from) { return lanes_at(from).si; }
EMULATED __m512i _mm512_load_si512(const void *from) { return lanes_at(from).si; }
EMULATED __m128i _mm_loadu_si128(const __m128i *from) {
  __m128i r;
  memcpy(&r, from, sizeof r);
  return r;
}
EMULATED __m256i _mm256_load_si256(const __m256i *from) { return *from; }
EMULATED void _mm512_storeu_ps(void *to, __m512 a) { memcpy(to, &a, sizeof a); }
EMULATED void _mm512_storeu_si512(void *to, __m512i a) { memcpy(to, &a, sizeof a); }
EMULATED void _mm_storeu_si128(void *to, __m128i a) { memcpy(to, &a, sizeof a); }

EMULATED __m512 _mm512_setzero_ps(void) { return (__m512){0}; }
EMULATED __m512i _mm512_setzero_si512(void) { return (__m512i){0}; }
EMULATED __m512 _mm512_set1_ps(float x) { return x - (__m512){0}; }
EMULATED __m512i _mm512_set1_epi32(int32_t x) { return (__m512i)(x + (ints){0}); }
EMULATED __m512i _mm512_set1_epi64(long long x) { return x + (__m512i){0}; }
EMULATED __m512i _mm512_set1_epi16(int16_t x) { return _mm512_set1_epi32((int32_t)((uint16_t)x * 0x00010001u)); }
EMULATED __m512i _mm512_set1_epi8(char x) { return _mm512_set1_epi32((int32_t)((uint8_t)x * 0x01010101u)); }
EMULATED __m512 _mm512_castsi512_ps(__m512i a) { return (__m512)a; }
EMULATED __m512i _mm512_castps_si512(__m512 a) { return (__m512i)a; }

EMULATED __m512 _mm512_add_ps(__m512 a, __m512 b) { return a + b; }
EMULATED __m512 _mm512_mul_ps(__m512 a, __m512 b) { return a * b; }
EMULATED __m512 _mm512_div_ps(__m512 a, __m512 b) { return a / b; }
EMULATED __m512 _mm512_abs_ps(__m512 a) { return (__m512)((words)a & 0x7fffffff); }
EMULATED __m512i _mm512_add_epi32(__m512i a, __m512i b) { return (__m512i)((words)a + (words)b); }
EMULATED __m512i _mm512_sub_epi32(__m512i a, __m512i b) { return (__m512i)((words)a - (words)b); }
EMULATED __m512i _mm512_and_si512(__m512i a, __m512i b) { return a & b; }
EMULATED __m512i _mm512_or_si512(__m512i a, __m512i b) { return a | b; }
EMULATED __m512i _mm512_xor_si512(__m512i a, __m512i b) { return a ^ b; }
typedef _Float16 __m512h __attribute__((vector_size(64)));
EMULATED __m512h _mm512_fmadd_ph(__m512h a, __m512h b, __m512h c) {
  typedef float floats __attribute__((vector_size(128)));
  const floats x = __builtin_convertvector(a, floats), y = __builtin_convertvector(b, floats);
  return __builtin_convertvector(x * y + __builtin_convertvector(c, floats), __m512h);
}
/// a · b / 2^15 of signed words, rounded.
EMULATED __m512i _mm512_mulhrs_epi16(__m512i a, __m512i b) {
  typedef int16_t shorts __attribute__((vector_size(64)));
  typedef int32_t products __attribute__((vector_size(128)));
  const products x = __builtin_convertvector((shorts)a, products), y = __builtin_convertvector((shorts)b, products);
  return (__m512i)__builtin_convertvector(((x * y >> 14) + 1) >> 1, shorts);
}
EMULATED __m512i _mm512_slli_epi32(__m512i a, unsigned bits) { return (__m512i)((words)a << bits); }
EMULATED __m512i _mm512_srli_epi32(__m512i a, unsigned bits) { return (__m512i)((words)a >> bits); }

/// Lanes of `a` where `mask` is set, of `b` elsewhere.
EMULATED __m512i chosen(ints mask, __m512i a, __m512i b) { return ((__m512i)mask & a) | (~(__m512i)mask & b); }
// Of floats that do not compare, and of zeros, the second is taken.
EMULATED __m512 _mm512_max_ps(__m512 a, __m512 b) { return (__m512)chosen(a > b, (__m512i)a, (__m512i)b); }
EMULATED __m512 _mm512_min_ps(__m512 a, __m512 b) { return (__m512)chosen(a < b, (__m512i)a, (__m512i)b); }
EMULATED __m512i _mm512_max_epi32(__m512i a, __m512i b) { return chosen((ints)a > (ints)b, a, b); }
EMULATED __m512i _mm512_min_epi32(__m512i a, __m512i b) { return chosen((ints)a < (ints)b, a, b); }

EMULATED __m512 _mm512_fmadd_ps(__m512 a, __m512 b, __m512 c) {
  EACH(16) a[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return a;
}
EMULATED __m512 _mm512_fnmadd_ps(__m512 a, __m512 b, __m512 c) { return _mm512_fmadd_ps(-a, b, c); }

/// a · 2^⌊b⌋.
EMULATED __m512 _mm512_scalef_ps(__m512 a, __m512 b) {
  EACH(16) a[i] = ldexpf(a[i], (int)fmaxf(-1000, fminf(1000, floorf(b[i]))));
  return a;
}

/// 1 / a with a relative error below 2^-14: the reciprocal without its last nine bits.
EMULATED __m512 _mm512_rcp14_ps(__m512 a) { return (__m512)((words)(1 / a) & 0xfffffe00); }

EMULATED float _mm512_reduce_add_ps(__m512 a) {
  float sum = 0;
  EACH(16) sum += a[i];
  return sum;
}
EMULATED int32_t _mm512_reduce_add_epi32(__m512i a) {
  uint32_t sum = 0;
  EACH(16) sum += ((words)a)[i];
  return (int32_t)sum;
}

EMULATED __m512 _mm512_cvtepi32_ps(__m512i a) { return __builtin_convertvector((ints)a, __m512); }
EMULATED __mmask32 _mm512_cmpgt_epu16_mask(__m512i a, __m512i b) {
  const lanes x = {.si = a}, y = {.si = b};
  __mmask32 mask = 0;
  EACH(32) mask |= (__mmask32)(x.halves[i] > y.halves[i]) << i;
  return mask;
}
EMULATED __mmask16 _mm512_cmpneq_epi32_mask(__m512i a, __m512i b) {
  __mmask16 mask = 0;
  EACH(16) mask |= (__mmask16)((((words)a)[i] != ((words)b)[i]) << i);
  return mask;
}
EMULATED __m512 _mm512_maskz_cvtepi32_ps(__mmask16 mask, __m512i a) {
  __m512 r;
  EACH(16) r[i] = mask >> i & 1 ? (float)((ints)a)[i] : 0;
  return r;
}
EMULATED __m128i _mm512_cvtepi32_epi8(__m512i a) {
  typedef uint8_t bytes __attribute__((vector_size(16)));
  return (__m128i)__builtin_convertvector((words)a, bytes);
}
EMULATED __m512 _mm512_cvtph_ps(__m256i a) {
  typedef _Float16 halves __attribute__((vector_size(32)));
  return __builtin_convertvector((halves)a, __m512);
}

/// b's lanes rounded to bfloat16, then a's. (The instruction makes subnormals zero; this does not.)
EMULATED __m512bh _mm512_cvtne2ps_pbh(__m512 a, __m512 b) {
  lanes r;
  EACH(16) {
    r.halves[i] = spud_bf16(b[i]);
    r.halves[16 + i] = spud_bf16(a[i]);
  }
  return r.bh;
}

/// sums + a · b of pairs, the upper ones first. (The instruction makes subnormals zero; this does not.)
EMULATED __m512 _mm512_dpbf16_ps(__m512 sums, __m512bh a, __m512bh b) {
  emulated_operations += 2 * 32;
  const lanes x = {.bh = a}, y = {.bh = b};
  for (int half = 1; half >= 0; half--)
    EACH(16) {
      const int place = 2 * i + half;
      sums[i] = __builtin_fmaf(spud_float_from_bf16(x.halves[place]), spud_float_from_bf16(y.halves[place]), sums[i]);
    }
  return sums;
}

/// sums + a · b of quadruples, a unsigned, b signed.
EMULATED __m512i _mm512_dpbusd_epi32(__m512i sums, __m512i a, __m512i b) {
  emulated_operations += 2 * 64;
  lanes r = {.si = sums};
  const lanes x = {.si = a}, y = {.si = b};
  EACH(64) r.words[i / 4] += (uint32_t)(x.bytes[i] * (int8_t)y.bytes[i]);
  return r.si;
}

/// Each byte of x times the bit matrix of its eight bytes in `matrix`, whose last row makes the first bit.
EMULATED __m512i _mm512_gf2p8affine_epi64_epi8(__m512i x, __m512i matrix, int added) {
  const lanes from = {.si = x}, rows = {.si = matrix};
  lanes r;
  EACH(64) {
    uint8_t byte = (uint8_t)added;
    for (int bit = 0; bit < 8; bit++)
      byte ^= (uint8_t)((__builtin_popcount(rows.bytes[i / 8 * 8 + 7 - bit] & from.bytes[i]) & 1) << bit);
    r.bytes[i] = byte;
  }
  return r.si;
}

EMULATED __m512i _mm512_broadcast_i32x4(__m128i a) { return (__m512i){a[0], a[1], a[0], a[1], a[0], a[1], a[0], a[1]}; }
/// The bytes of x, in each quarter by itself, by number; nothing where a number's highest bit is set.
EMULATED __m512i _mm512_shuffle_epi8(__m512i x, __m512i numbers) {
  const lanes from = {.si = x}, at = {.si = numbers};
  lanes r;
  EACH(64) r.bytes[i] = at.bytes[i] & 0x80 ? 0 : from.bytes[i / 16 * 16 + (at.bytes[i] & 15)];
  return r.si;
}

/// The bytes of x by the lower six bits of a number.
EMULATED __m512i _mm512_permutexvar_epi8(__m512i numbers, __m512i x) {
  const lanes from = {.si = x}, at = {.si = numbers};
  lanes r;
  EACH(64) r.bytes[i] = from.bytes[at.bytes[i] & 63];
  return r.si;
}
/// Of each three bits, the one that `table` has for them.
EMULATED __m512i _mm512_ternarylogic_epi64(__m512i a, __m512i b, __m512i c, int table) {
  __m512i r = {0};
  for (int bits = 0; bits < 8; bits++)
    if (table >> bits & 1) r |= (bits & 4 ? a : ~a) & (bits & 2 ? b : ~b) & (bits & 1 ? c : ~c);
  return r;
}

/// Two quarters of a, then two of b, each chosen by two bits.
EMULATED __m512 _mm512_shuffle_f32x4(__m512 a, __m512 b, int choice) {
  __m512 r;
  EACH(16) r[i] = (i < 8 ? a : b)[(choice >> i / 4 * 2 & 3) * 4 + i % 4];
  return r;
}
/// The same of the lanes in each quarter.
EMULATED __m512 _mm512_shuffle_ps(__m512 a, __m512 b, int choice) {
  __m512 r;
  EACH(16) r[i] = (i % 4 < 2 ? a : b)[i / 4 * 4 + (choice >> i % 4 * 2 & 3)];
  return r;
}
/// Lanes of a and b, side by side, by number.
EMULATED __m512 _mm512_permutex2var_ps(__m512 a, __m512i numbers, __m512 b) {
  __m512 r;
  EACH(16) r[i] = (((words)numbers)[i] & 16 ? b : a)[((words)numbers)[i] & 15];
  return r;
}
/// The lower four 16-bit lanes of each quarter of a and b in turn, or the `upper` ones.
EMULATED __m512i interleaved(__m512i a, __m512i b, int upper) {
  const lanes x = {.si = a}, y = {.si = b};
  lanes r;
  EACH(32) r.halves[i] = (i % 2 == 0 ? x : y).halves[i / 8 * 8 + upper * 4 + i % 8 / 2];
  return r.si;
}
EMULATED __m512i _mm512_unpacklo_epi16(__m512i a, __m512i b) { return interleaved(a, b, 0); }
EMULATED __m512i _mm512_unpackhi_epi16(__m512i a, __m512i b) { return interleaved(a, b, 1); }
