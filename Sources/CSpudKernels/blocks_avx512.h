// Tiles for the formats of block_formats.h. Included by avx512.c alone.
#include "block_formats.h"
#include "vectors.h"

#define DIRECT_ROWS TILE_ROWS

SPUD_INLINE f32x16 halves16(const uint8_t *from) {
  return (f32x16)_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)from));
}
/// What stands for a scale of zero, which has no exponent: no scale that a format can make.
#define NO_SCALE 0x1.8p-36f
/// Scales less the exponent of one, to be added to an input's; see EXPONENTS.
SPUD_INLINE f32x16 factor16(f32x16 scales, spud_shape shape) {
  if (shape.table) scales = select16(scales == 0, splat16(NO_SCALE), scales);
  return (f32x16)((i32x16)scales - (0x3f800000 + (shape.raise << 23)));
}

/// `width` bits of every byte, moved from bit `from` to bit `to`, and nothing else: a bit matrix, one instruction.
SPUD_INLINE __m512i bit_field(__m512i x, const int from, const int width, const int to) {
  uint64_t matrix = 0;
  SPUD_EACH(bit, width) matrix |= (uint64_t)1 << (8 * (7 - to - bit) + from + bit);
  return _mm512_gf2p8affine_epi64_epi8(x, _mm512_set1_epi64((long long)matrix), 0);
}

/// A table's values as bytes that are raised by 128, four times over: so that of a number the lower four bits count.
SPUD_INLINE __m512i raised_table(const int8_t *table) {
  const __m512i values = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table));
  return _mm512_xor_si512(values, _mm512_set1_epi8((char)0x80));
}

/// What triples are, raised to the upper three bits, by a number's bits `low`, the next and `high`; no other counts.
SPUD_INLINE __m512i triples_table(const int low, const int high) {
  _Alignas(64) uint8_t table[64];
  SPUD_EACH(i, 64) table[i] = (uint8_t)((i >> low & 3) << 5 | (i >> high & 1) << 7);
  return _mm512_load_si512(table);
}
/// Codes of six bits, raised by two.
SPUD_INLINE __m512i sixes_table(void) {
  _Alignas(64) uint8_t table[64];
  SPUD_EACH(i, 64) table[i] = (uint8_t)(i << 2);
  return _mm512_load_si512(table);
}
/// The lower bits of a triple from one line, the upper one from another.
SPUD_INLINE __m512i apart(__m512i low, __m512i high) {
  return _mm512_ternarylogic_epi64(_mm512_set1_epi8(0x18), low, high, 0xca);
}

/// Codes: from zero, where there are minima; else `raise` bits higher, so that 128 stands for nothing, as it does for
/// bytes.
SPUD_INLINE __m512i raised_codes(const spud_format format, const uint8_t *lines, const int group, const int part) {
  const spud_shape shape = spud_shape_of(format);
  const uint8_t *const at = lines + 64 * part;
  const int raise = shape.raise, above = raise + 4;
  __m512i code = _mm512_setzero_si512();
  if (shape.table) {
    const __m512i two = _mm512_load_si512(at + spud_nibbles_of(shape, group));
    return _mm512_permutexvar_epi8(group % 2 ? _mm512_srli_epi32(two, 4) : two, raised_table(shape.table));
  }
  if (shape.triples) {
    const __m512i line = _mm512_load_si512(at + (group < 6 ? group / 2 : group - 6) * SPUD_LINE_BYTES);
    if (group < 6 && group % 2) return _mm512_and_si512(line, _mm512_set1_epi8((char)0xe0));
    if (group < 6) return _mm512_permutexvar_epi8(line, group == 4 ? triples_table(2, 4) : triples_table(0, 2));
    return _mm512_permutexvar_epi8(apart(line, _mm512_load_si512(at + 2 * SPUD_LINE_BYTES)),
        triples_table(3, group - 6));
  }
  if (shape.nibbles && shape.pairs) {
    // Six bits, raised by two: the upper two from one line, the others from another.
    const __m512i two = _mm512_load_si512(at + spud_nibbles_of(shape, group)),
        four = _mm512_load_si512(at + spud_pairs_of(shape, group)),
        above = group % 4 < 2 ? four : _mm512_slli_epi32(four, 4);
    if (group % 2) return _mm512_ternarylogic_epi64(_mm512_set1_epi8((char)0xc0), above, bit_field(two, 4, 4, 2), 0xea);
    const __m512i numbers = _mm512_ternarylogic_epi64(_mm512_set1_epi8(15), two, above, 0xca);
    return _mm512_permutexvar_epi8(numbers, sixes_table());
  }
  if (shape.nibbles) {
    const __m512i two = _mm512_load_si512(at + spud_nibbles_of(shape, group));
    code = group % 2 == 0 && raise == 0 ? _mm512_and_si512(two, _mm512_set1_epi8(15)) :
        bit_field(two, group % 2 * 4, 4, raise);
  }
  if (shape.pairs) {
    const __m512i four = _mm512_load_si512(at + spud_pairs_of(shape, group));
    code = bit_field(four, spud_pair_bit(group), 2, raise);
  }
  if (shape.bits) code = _mm512_or_si512(code, bit_field(_mm512_load_si512(at), group, 1, above));
  return code;
}
/// The same as bytes.
SPUD_INLINE code_bytes codes(const spud_format format, const uint8_t *lines, const int group, const int part) {
  return (code_bytes)raised_codes(format, lines, group, part);
}

#include "blocks_spread.h"

// ---- One row or two ----

/// The sums of 32 columns' products, of each row [halves][2].
SPUD_INLINE void row_dots(const spud_format format, const int m, const uint8_t *lines,
    const spud_summed_block *const *blocks, __m512i dots[LONE_ROWS][2][2]) {
  const spud_shape shape = spud_shape_of(format);
  SPUD_EACH(half, shape.halves) SPUD_EACH(i, m) {
    dots[i][half][0] = dots[i][half][1] = shape.minima ? _mm512_setzero_si512() :
        input4((const uint8_t *)&blocks[i]->corrections[shape.halves == 1 ? 2 : half]);
  }
  SPUD_EACH(half, shape.halves) SPUD_EACH(step, 8 / shape.halves) {
    const int group = 4 * half + step;
    const __m512i low = raised_codes(format, lines, group, 0), high = raised_codes(format, lines, group, 1);
    SPUD_EACH(i, m) dot32(dots[i][half], low, high, (const uint8_t *)blocks[i]->quants + 4 * group);
  }
}

/// One row by one panel, or one or two by several, a block of each in turn: the bits of `tile_blocks`, whose factors
/// are exact products as well, but for the last rounding: a half, a scale of eight bits and five of an input's scale
/// fit the 24 bits of a float. The output is [panels][rows][32].
SPUD_INLINE void row_blocks(
    const spud_format format, const int m, const int panels, const uint8_t *first_panel, size_t panel_bytes,
    int64_t units, const uint8_t *const *inputs, float *output
) {
  const spud_shape shape = spud_shape_of(format);
  const spud_summed_block *blocks[LONE_ROWS];
  SPUD_EACH(i, m) blocks[i] = (const spud_summed_block *)inputs[i];
  f32x16 sums[LONE_PANELS][LONE_ROWS][2];
  SPUD_EACH(p, panels) SPUD_EACH(i, m) SPUD_EACH(h, 2) sums[p][i][h] = splat16(0);
  for (size_t offset = 0; units > 0; units--) {
    f32x16 d[LONE_PANELS][2], minima[LONE_PANELS][2];
    _Alignas(64) uint8_t scales[LONE_PANELS][16 * SPUD_PANEL_ROWS], lower[LONE_PANELS][16 * SPUD_PANEL_ROWS];
    SPUD_EACH(p, panels) {
      const uint8_t *const panel = first_panel + p * panel_bytes + offset;
      KEEP_ORDER
      if (format == SPUD_Q6_K) {
        // Read here, where their lines are in order, not where each is used.
        SPUD_EACH(pair, 8) *(u8x64 *)(scales[p] + 64 * pair) = load_bytes(panel + 64 + 64 * pair);
      } else if (shape.blocks > 1) {
        scales_of(format, panel, 0, scales[p]);
        if (shape.minima) scales_of(format, panel, 1, lower[p]);
      }
      SPUD_EACH(h, 2) {
        d[p][h] = format == SPUD_MXFP4 ? bf16s16(panel + 32 * h) : halves16(panel + 32 * h);
        minima[p][h] = shape.minima ? halves16(panel + 64 + 32 * h) : d[p][h];
      }
    }
    offset += shape.header;
    for (int count = 0; count < shape.blocks; count++, offset += spud_code_bytes(shape)) {
      f32x16 step[LONE_ROWS];
      SPUD_EACH(i, m) {
        step[i] = splat16((blocks[i]->scales[0] + blocks[i]->scales[1]) * (1.0f / (float)(1 << shape.raise)));
      }
      SPUD_EACH(p, panels) {
        const uint8_t *const panel = first_panel + p * panel_bytes + offset;
        KEEP_ORDER
        __m512i dots[LONE_ROWS][2][2];
        row_dots(format, m, panel, blocks, dots);
        SPUD_EACH(half, shape.halves) SPUD_EACH(h, 2) {
          const int at = (count * shape.halves + half) * SPUD_PANEL_ROWS + 16 * h;
          const f32x16 scale = shape.blocks == 1 ? d[p][h] :
              floats_of_bytes(scales[p] + at, has_signed_scales(format)) * d[p][h];
          const f32x16 minimum = !shape.minima ? d[p][h] : shape.blocks == 1 ? minima[p][h] :
              -minima[p][h] * floats_of_bytes(lower[p] + at, 0);
          SPUD_EACH(i, m) {
            sums[p][i][h] = (f32x16)_mm512_fmadd_ps(
                _mm512_cvtepi32_ps(dots[i][half][h]), (__m512)(scale * step[i]), (__m512)sums[p][i][h]);
            if (shape.minima) {
              sums[p][i][h] = (f32x16)_mm512_fmadd_ps((__m512)minimum,
                  _mm512_set1_ps(blocks[i]->sums[shape.halves == 1 ? 2 : half]), (__m512)sums[p][i][h]);
            }
          }
        }
      }
      SPUD_EACH(i, m) blocks[i]++;
    }
  }
  SPUD_EACH(p, panels) SPUD_EACH(i, m) SPUD_EACH(h, 2) {
    store16(output + (p * m + i) * SPUD_PANEL_ROWS + 16 * h, sums[p][i][h]);
  }
}

/// Whether a row or two go through `row_blocks`.
SPUD_INLINE int has_row_blocks(const spud_format format) {
  const spud_shape shape = spud_shape_of(format);
  return shape.blocks > 1 || shape.table;
}

SPUD_INLINE void tile_blocks_lone(const spud_format format, const int m, const uint8_t *panels, size_t panel_bytes,
    int64_t units, const uint8_t *const *inputs, float *output) {
  if (has_row_blocks(format)) row_blocks(format, m, LONE_PANELS, panels, panel_bytes, units, inputs, output);
}

// ---- Tiles ----

/// Three rows or more ask for a panel's lines ahead of time; see FETCH_AHEAD.
#define FETCH_LINES(bytes) \
  if (m >= 3) SPUD_EACH(line, (bytes) / 64) { \
    __builtin_prefetch(panel + 8192 + 64 * line, 0, 2); \
    __builtin_prefetch(panel + 1152 + 64 * line, 0, 3); \
  }

/// Adds one row's integer sums, scaled, to the floating ones, as FINISH_ROW does; and the minima.
#define FINISH_HALF(i) \
  { \
    const __m512i large = input4(block), small = input4(block + 4); \
    SPUD_EACH(h, 2) { \
      const __m512i exponents = _mm512_load_si512(scales->factors[half] + 16 * h); \
      const __m512 factor = _mm512_add_ps(_mm512_castsi512_ps(_mm512_add_epi32(exponents, large)), \
          _mm512_castsi512_ps(_mm512_add_epi32(exponents, small))); \
      sums[i][h] = _mm512_fmadd_ps(shape.table ? \
              _mm512_maskz_cvtepi32_ps(_mm512_cmpneq_epi32_mask(exponents, no_scale), dots[i][h]) : \
              _mm512_cvtepi32_ps(dots[i][h]), \
          factor, sums[i][h]); \
      if (shape.minima) { \
        sums[i][h] = _mm512_fmadd_ps(_mm512_loadu_ps(scales->minima[half] + 16 * h), \
            _mm512_castsi512_ps(input4(block + offsetof(spud_summed_block, sums) + 4 * place)), sums[i][h]); \
      } \
    } \
  }

SPUD_INLINE void tile_blocks(
    const spud_format format, const int spread, const int m, const uint8_t *panel, const block_scales *scales,
    int64_t units, const uint8_t *const *inputs, float *output, size_t stride, int first
) {
  const spud_shape shape = spud_shape_of(format);
  if (!spread && m == 1 && has_row_blocks(format)) {
    row_blocks(format, 1, 1, panel, 0, units, inputs, output);
    return;
  }
  const int block_bytes = spread ? SPREAD_BYTES : spud_code_bytes(shape), groups = 8 / shape.halves;
  const __m512i no_scale = (__m512i)factor16(splat16(0), shape);
  _Alignas(64) block_scales own[8];
  __m512 sums[TILE_ROWS][2];
  SPUD_EACH(i, m) SPUD_EACH(h, 2) sums[i][h] = first ?
      _mm512_setzero_ps() : _mm512_loadu_ps(output + i * stride + 16 * h);
  size_t offset = 0;
  for (; units > 0; units--) {
    if (!spread) {
      FETCH_LINES(shape.header)
      spread_scales(format, panel, own);
      scales = own;
      panel += shape.header;
    }
    for (int count = 0; count < shape.blocks; count++, panel += block_bytes, scales++,
        offset += sizeof(spud_summed_block)) {
      if (!spread) { KEEP_ORDER }
      if (!spread) { FETCH_LINES(block_bytes) }
      SPUD_EACH(half, shape.halves) {
        const int place = shape.halves == 1 ? 2 : half;
        __m512i dots[TILE_ROWS][2];
        SPUD_EACH(i, m) dots[i][0] = dots[i][1] = shape.minima ? _mm512_setzero_si512() :
            input4(inputs[i] + offset + offsetof(spud_summed_block, corrections) + 4 * place);
        SPUD_EACH(step, groups) {
          const int group = half * groups + step;
          const __m512i low = spread ? _mm512_load_si512(panel + group * 128) : raised_codes(format, panel, group, 0),
              high = spread ? _mm512_load_si512(panel + group * 128 + 64) : raised_codes(format, panel, group, 1);
          SPUD_EACH(i, m) {
            const uint8_t *const block = inputs[i] + offset;
            dot32(dots[i], low, high, block + offsetof(spud_summed_block, quants) + 4 * group);
            if (step == groups - 1) FINISH_HALF(i)
          }
        }
      }
    }
  }
  SPUD_EACH(i, m) SPUD_EACH(h, 2) _mm512_storeu_ps(output + i * stride + 16 * h, sums[i][h]);
}
