// What AVX-512 has for rows of floats in place of kernels_template.h's own: inputs prepared 16 blocks at a time, powers
// of two, division. Included by avx512.c alone.
#define HAS_ROWS_16

/// Lanes of two vectors side by side, halves folded into each other: of four vectors in this order of calls, then of
/// four such results by FOLD_IN_QUARTERS, what is left of vector 4q + s is in lane 4q + s.
#define FOLD_HALVES(op, a, b) op(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee))
#define FOLD_QUARTERS(op, a, b) op(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xdd))
#define FOLD_IN_QUARTERS(op, a, b) op(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xdd))
#define FOLD_FOUR(op, v) FOLD_QUARTERS(op, FOLD_HALVES(op, v[0], v[1]), FOLD_HALVES(op, v[2], v[3]))
#define FOLD_SIXTEEN(op, r) FOLD_IN_QUARTERS(op, FOLD_IN_QUARTERS(op, r[0], r[1]), FOLD_IN_QUARTERS(op, r[2], r[3]))

SPUD_INLINE __m512 larger16(__m512 a, __m512 b) { return _mm512_max_ps(a, b); }
SPUD_INLINE __m512 added16(__m512 a, __m512 b) {
  return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(a), _mm512_castps_si512(b)));
}

/// `prepare_bytes` of 16 blocks, or `prepare_summed`, to the same bits: their scales are computed side by side.
SPUD_INLINE void prepare_sixteen(const int summed, const float *input, void *blocks, float unit) {
  spud_block *const plain = blocks;
  spud_summed_block *const wide = blocks;
  __m512 folded[4];
  SPUD_EACH(s, 4) {
    __m512 largest[4];
    SPUD_EACH(q, 4) {
      const float *from = input + (4 * q + s) * SPUD_BLOCK;
      largest[q] = _mm512_max_ps(_mm512_abs_ps(_mm512_loadu_ps(from)), _mm512_abs_ps(_mm512_loadu_ps(from + 16)));
    }
    folded[s] = FOLD_FOUR(larger16, largest);
  }
  const __m512i step = _mm512_castps_si512(_mm512_mul_ps(FOLD_SIXTEEN(larger16, folded), _mm512_set1_ps(1.0f / 127)));
  const __m512i exponent = _mm512_min_epi32(_mm512_max_epi32(_mm512_srli_epi32(step, 23), _mm512_set1_epi32(67)),
      _mm512_set1_epi32(187));
  const __m512 power = _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
  const __m512i sixteenths = _mm512_srli_epi32(_mm512_add_epi32(_mm512_and_si512(step, _mm512_set1_epi32(0x7fffff)),
      _mm512_set1_epi32(0x7ffff)), 19);
  const __m512 large = _mm512_permutex2var_ps(_mm512_loadu_ps(spud_large_parts), sixteenths,
      _mm512_loadu_ps(spud_large_parts + 16));
  const __m512 small = _mm512_permutex2var_ps(_mm512_loadu_ps(spud_small_parts), sixteenths,
      _mm512_loadu_ps(spud_small_parts + 16));
  const __m512 scale = _mm512_mul_ps(power, _mm512_set1_ps(unit));
  float inverses[16], parts[2][16], totals[3][16];
  int32_t corrections[3][16];
  _mm512_storeu_ps(inverses, _mm512_div_ps(_mm512_set1_ps(1), _mm512_mul_ps(_mm512_add_ps(large, small), power)));
  _mm512_storeu_ps(parts[0], _mm512_mul_ps(large, scale));
  _mm512_storeu_ps(parts[1], _mm512_mul_ps(small, scale));
  const __m512 shift = _mm512_set1_ps(12582912.0f);
  __m512 second[4];
  SPUD_EACH(s, 4) {
    __m512 sums[4], others[4];
    SPUD_EACH(q, 4) {
      const float *from = input + (4 * q + s) * SPUD_BLOCK;
      const __m512 inverse = _mm512_set1_ps(inverses[4 * q + s]);
      // The low bits are the integers; what is above them adds up to nothing in 32 bits but for a constant.
      const __m512i a = _mm512_castps_si512(_mm512_fmadd_ps(_mm512_loadu_ps(from), inverse, shift));
      const __m512i b = _mm512_castps_si512(_mm512_fmadd_ps(_mm512_loadu_ps(from + 16), inverse, shift));
      uint8_t *to = (uint8_t *)(summed ? wide[4 * q + s].quants : plain[4 * q + s].quants);
      _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(a));
      _mm_storeu_si128((__m128i *)(to + 16), _mm512_cvtepi32_epi8(b));
      sums[q] = _mm512_castsi512_ps(summed ? a : _mm512_add_epi32(a, b));
      others[q] = _mm512_castsi512_ps(b);
    }
    folded[s] = FOLD_FOUR(added16, sums);
    if (summed) second[s] = FOLD_FOUR(added16, others);
  }
  const __m512i constant = _mm512_set1_epi32((int32_t)((summed ? 16 : 32) * 0x4b400000u));
  __m512i sum[3];
  sum[0] = _mm512_sub_epi32(_mm512_castps_si512(FOLD_SIXTEEN(added16, folded)), constant);
  if (summed) {
    sum[1] = _mm512_sub_epi32(_mm512_castps_si512(FOLD_SIXTEEN(added16, second)), constant);
    sum[2] = _mm512_add_epi32(sum[0], sum[1]);
    const __m512 step = _mm512_add_ps(_mm512_loadu_ps(parts[0]), _mm512_loadu_ps(parts[1]));
    SPUD_EACH(place, 3) _mm512_storeu_ps(totals[place], _mm512_mul_ps(step, _mm512_cvtepi32_ps(sum[place])));
  }
  SPUD_EACH(place, summed ? 3 : 1) {
    const __m512i negative = _mm512_sub_epi32(_mm512_setzero_si512(), sum[place]);
    _mm512_storeu_si512(corrections[place], _mm512_slli_epi32(negative, 7));
  }
  SPUD_EACH(i, 16) {
    float *const scales = summed ? wide[i].scales : plain[i].scales;
    scales[0] = parts[0][i];
    scales[1] = parts[1][i];
    if (!summed) plain[i].correction = corrections[0][i];
    if (summed) SPUD_EACH(place, 3) {
      wide[i].corrections[place] = corrections[place][i];
      wide[i].sums[place] = totals[place][i];
    }
  }
}

typedef float f32x16 __attribute__((vector_size(64)));

SPUD_INLINE f32x16 power16(f32x16 p, f32x16 n) { return (f32x16)_mm512_scalef_ps((__m512)p, (__m512)n); }

/// x / d for d of 1 and more, by an approximate reciprocal and one step of Newton's (relative error below 4e-7). The
/// denominator must stay finite, or the step would make infinity times nothing.
SPUD_INLINE f32x16 over16(f32x16 x, f32x16 d) {
  const __m512 bounded = _mm512_min_ps(_mm512_set1_ps(8e37f), (__m512)d);
  const __m512 y = _mm512_rcp14_ps(bounded);
  return (f32x16)_mm512_mul_ps((__m512)x, _mm512_mul_ps(y, _mm512_fnmadd_ps(bounded, y, _mm512_set1_ps(2.0f))));
}
