// Weights on their way into tiles, as bfloat16: included by tiles_amx.h.
//
// A weight becomes a half first, 4096 times as large: a multiplication takes 32 halves, where it takes 16 floats. A
// half's bits, rounded and three places lower, are a bfloat16 whose exponent counts from another zero: a weight that
// is 2^100 times too small, which inputs and sums make good. What is no normal half is no normal bfloat16, which tiles
// take for zero. A slice with a scale that no half holds goes through floats.

typedef _Float16 f16x32 __attribute__((vector_size(64)));
typedef uint16_t u16x32 __attribute__((vector_size(64)));
typedef int16_t i16x32 __attribute__((vector_size(64)));
typedef _Float16 f16x16 __attribute__((vector_size(32)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));

enum {
  STEP_COLUMNS = 32,                                ///< columns of one product of tiles
  STEP_BYTES = 2 * STEP_COLUMNS * SPUD_PANEL_ROWS,  ///< of a panel's weights in bfloat16
  SLICE_STEPS = 8,                                  ///< whose scales are made at once: a block of 256 columns
  PARTS = 8,                                        ///< in which a step is widened, two words of codes each
  TILE_BYTES = 1024, TILE_HEIGHT = 16,
};
/// What weights are multiplied by as halves; what as bfloat16, and inputs and sums, by which that is made good.
#define HALF_BITS 12
#define HALF_SCALE (1 << HALF_BITS)
#define WEIGHT_SCALE 0x1p-100f
#define INPUT_SCALE 0x1p64f
#define SUM_SCALE 0x1p36f

/// Inputs for weights that are widened: INPUT_SCALE times as large (those from 2^64 on are infinite), in bfloat16, of
/// each four columns the second and the third in the other's place, as `widen_words` leaves those of the weights.
static void prepare_of_read(spud_format format, const float *input, int64_t columns, uint8_t *output) {
  if (format == SPUD_BF16) return prepare_bf16(input, columns, output);
  for (int64_t i = 0; i < columns; i += STEP_COLUMNS) {
    const f32x16 low = load16(input + i) * INPUT_SCALE, high = load16(input + i + 16) * INPUT_SCALE;
    const u16x32 halves = (u16x32)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
    const u16x32 ordered = __builtin_shufflevector(halves, halves, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15,
        16, 18, 17, 19, 20, 22, 21, 23, 24, 26, 25, 27, 28, 30, 29, 31);
    memcpy(output + 2 * i, &ordered, sizeof ordered);
  }
}

/// The extremes of what scales were seen, as bits of halves: zero is the greatest of the least ones.
typedef struct { u16x32 largest, least; } scale_range;

SPUD_INLINE scale_range no_scales(void) { return (scale_range){.largest = (u16x32){0}, .least = (u16x32){0} - 1}; }

SPUD_INLINE void note_scales(scale_range *range, f16x32 scales) {
  const u16x32 size = (u16x32)scales & 0x7fff;
  range->largest = __builtin_elementwise_max(range->largest, size);
  range->least = __builtin_elementwise_min(range->least, size - 1);
}

SPUD_INLINE int exceeds(u16x32 bits, int limit) {
  return _mm512_cmpgt_epu16_mask((__m512i)bits, _mm512_set1_epi16((int16_t)limit)) != 0;
}

/// The greatest half of which 2^bits are one.
SPUD_INLINE int greatest_scale(int bits) { return 0x7bff - (bits << 10); }

/// Whether all scales were zero, or normal halves of which 2^bits are one too.
SPUD_INLINE int are_halves(scale_range range, int bits) {
  return !exceeds(range.largest, greatest_scale(bits)) && !exceeds(~range.least, 0xffff - 0x3ff);
}

/// Of 32 rows' halves those of 16, each for both columns of a pair.
SPUD_INLINE f16x32 for_pairs(u16x32 values, const int half) {
  return (f16x32)(half
      ? __builtin_shufflevector(values, values, 16, 16, 17, 17, 18, 18, 19, 19, 20, 20, 21, 21, 22, 22, 23, 23, 24, 24,
          25, 25, 26, 26, 27, 27, 28, 28, 29, 29, 30, 30, 31, 31)
      : __builtin_shufflevector(values, values, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11,
          11, 12, 12, 13, 13, 14, 14, 15, 15));
}

/// Halves as bfloat16, halfway away from zero.
SPUD_INLINE void store_rounded(f16x32 values, uint8_t *to) {
  // An eighth, rounded: the sign is copied into the three bits below it.
  const u16x32 bits = (u16x32)_mm512_mulhrs_epi16((__m512i)values, _mm512_set1_epi16(1 << 12)) & 0x8fff;
  memcpy(to, &bits, sizeof bits);
}

/// a · b + c. (Of plain C the compiler makes floats and back.)
SPUD_INLINE f16x32 multiply_add(f16x32 a, f16x32 b, f16x32 c) {
  return (f16x32)_mm512_fmadd_ph((__m512h)a, (__m512h)b, (__m512h)c);
}

/// Four columns of 16 rows, a byte each, as two pairs of columns: first the even ones. A byte as the last bits of 1024
/// is 1024 + byte, exactly.
SPUD_INLINE void widen_words(u32x16 codes, f16x32 centre, f16x32 scale, f16x32 offset, const int has_offset,
    uint8_t *to) {
  const f16x32 even = (f16x32)((codes & 0x00ff00ff) | 0x64006400) - centre,
      odd = (f16x32)(((u16x32)codes >> 8) | 0x6400) - centre;
  store_rounded(has_offset ? multiply_add(even, scale, offset) : even * scale, to);
  store_rounded(has_offset ? multiply_add(odd, scale, offset) : odd * scale, to + 64);
}

/// Scales, and what is added, of 32 columns, times HALF_SCALE: [half of the columns][32 rows].
typedef struct { u16x32 scales[2], offsets[2]; } half_scales;
/// The same for pairs of columns: [half of the columns][half of the rows].
typedef struct { f16x32 scales[2][2], offsets[2][2]; } pair_scales;

/// The upper bytes of -8 to 7 as halves, whose lower ones are zero, looked up by nibbles.
SPUD_INLINE void widen_nibbles(__m512i nibbles, f16x32 scale, uint8_t *to) {
  static const uint8_t uppers[16] = {
      0xc8, 0xc7, 0xc6, 0xc5, 0xc4, 0xc2, 0xc0, 0xbc, 0, 0x3c, 0x40, 0x42, 0x44, 0x45, 0x46, 0x47};
  const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)uppers));
  const u16x32 upper = (u16x32)_mm512_shuffle_epi8(table, nibbles);
  store_rounded((f16x32)(upper << 8) * scale, to);
  store_rounded((f16x32)(upper & 0xff00) * scale, to + 64);
}

/// Scales and minima of a block of block_formats.h as floats: what bytes are multiplied by, and what is added if any.
SPUD_INLINE void scales_of_block(spud_shape shape, const block_scales *spread, int part, int half, f32x16 *scale,
    f32x16 *offset) {
  const int from = shape.halves == 2 ? part : 0;
  // What `factor16` took out.
  const i32x16 factor = (i32x16)load16(spread->factors[from] + 16 * half) + (0x3f800000 + (shape.raise << 23));
  f32x16 found = (f32x16)factor;
  if (shape.table) found = select16(found == NO_SCALE, splat16(0), found);
  *scale = found * (1.0f / (float)(1 << shape.raise));
  if (shape.minima) *offset = load16(spread->minima[from] + 16 * half);
}

SPUD_INLINE u16x32 scaled_halves(const f32x16 values[2]) {
  const f16x16 low = __builtin_convertvector(values[0] * HALF_SCALE, f16x16);
  const f16x16 high = __builtin_convertvector(values[1] * HALF_SCALE, f16x16);
  return (u16x32)__builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
      19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
}

/// What the weights of a slice become bfloat16 from.
typedef enum {
  WIDEN_NOTHING,
  WIDEN_Q8_0, WIDEN_Q4_0,  ///< codes, before which their halves' scales stand
  WIDEN_BYTES, WIDEN_BYTES_WITH_MINIMA,
  FETCH_PAIRS,  ///< they are bfloat16, and come into the cache only
} widening_kind;

/// A slice that is being widened, or is to be.
typedef struct {
  widening_kind kind;
  int64_t steps;
  const uint8_t *slice; ///< where it begins in its panel
  const uint8_t *codes; ///< of its first step
  size_t stride;        ///< bytes from one step to the next
  size_t memory_stride; ///< the same of the slice itself
  int fits;             ///< 0 where a scale is no half, and what becomes of it is of no use
  half_scales scales[SLICE_STEPS];
  _Alignas(64) uint8_t spread[SLICE_STEPS * SPREAD_BYTES];
} widening;

/// Bytes of the panel that are asked for ahead of what is widened.
enum { WIDEN_AHEAD = 16 << 10 };

/// A step's scales, of which stores between its parts change nothing.
SPUD_INLINE pair_scales scales_of_step(
    const widening_kind kind, const widening *w, int64_t step, const uint8_t *codes) {
  pair_scales s;
  const half_scales *const from = w->scales + step;
  if (kind == WIDEN_Q8_0 || kind == WIDEN_Q4_0) SPUD_EACH(half, 2) {
    const f16x32 scales = for_pairs(*(const u16x32 *)(codes - SPUD_SCALES_BYTES), half) * HALF_SCALE;
    s.scales[0][half] = s.scales[1][half] = scales;
  }
  if (kind == WIDEN_BYTES || kind == WIDEN_BYTES_WITH_MINIMA) SPUD_EACH(part, 2) SPUD_EACH(half, 2) {
    s.scales[part][half] = for_pairs(from->scales[part], half);
    if (kind == WIDEN_BYTES_WITH_MINIMA) s.offsets[part][half] = for_pairs(from->offsets[part], half);
  }
  return s;
}

/// Parts `first` to `end` of a step's codes, as tiles of weights: [half][16 pairs of columns][16 rows][2]. Meanwhile
/// the memory at `ahead` is asked for.
SPUD_INLINE void widen_parts(const widening_kind kind, const int first, const int end, const uint8_t *codes,
    const uint8_t *ahead, const pair_scales *s, uint8_t *to) {
  const f16x32 centre = (f16x32){0} + (_Float16)(kind == WIDEN_BYTES_WITH_MINIMA ? 1024 : 1024 + 128);
  SPUD_EACH(i, end - first) {
    const int part = first + i, half = part / 4, group = part % 4;
    uint8_t *const tile = to + TILE_BYTES * half;
    if (kind == FETCH_PAIRS) {
      SPUD_EACH(line, 4) {
        __builtin_prefetch(codes + 64 * (4 * part + line), 0, 3);
        if (ahead != codes) __builtin_prefetch(ahead + 64 * (4 * part + line), 0, 2);
      }
    } else if (kind == WIDEN_Q4_0) {
      const int at = 128 * group + 64 * half;
      const __m512i two = _mm512_loadu_si512(codes + at), low = _mm512_set1_epi8(15);
      __builtin_prefetch(ahead + at, 0, 2);
      widen_nibbles(_mm512_and_si512(two, low), s->scales[0][half], tile + 128 * group);
      widen_nibbles(_mm512_and_si512(_mm512_srli_epi32(two, 4), low), s->scales[0][half], tile + 128 * (group + 4));
    } else if (kind != WIDEN_NOTHING) {
      SPUD_EACH(odd, 2) {
        const int at = 256 * group + 128 * odd + 64 * half;
        __builtin_prefetch(ahead + at, 0, 2);
        widen_words(*(const u32x16 *)(codes + at), centre, s->scales[group / 2][half], s->offsets[group / 2][half],
            kind == WIDEN_BYTES_WITH_MINIMA, tile + 256 * group + 128 * odd);
      }
    }
  }
}

/// Prepares to widen `steps` steps of a panel from `unit` on.
SPUD_INLINE void begin_widening(widening *w, spud_format format, const uint8_t *panel, int64_t unit, int64_t steps) {
  const uint8_t *const slice = panel + unit * (int64_t)spud_unit_bytes(format);
  w->steps = steps;
  w->slice = slice;
  w->fits = 1;
  if (format == SPUD_BF16) {
    w->kind = FETCH_PAIRS, w->codes = slice, w->stride = w->memory_stride = STEP_BYTES;
    return;
  }
  if (format == SPUD_Q8_0 || format == SPUD_Q4_0) {
    w->kind = format == SPUD_Q8_0 ? WIDEN_Q8_0 : WIDEN_Q4_0;
    w->stride = w->memory_stride = spud_unit_bytes(format);
    w->codes = slice + SPUD_SCALES_BYTES;
    u16x32 largest = {0};  // the least scale that a half holds is a normal one when it is HALF_SCALE times as large
    for (int64_t step = 0; step < steps; step++) {
      largest = __builtin_elementwise_max(largest, *(const u16x32 *)(slice + step * w->stride) & 0x7fff);
    }
    w->fits = !exceeds(largest, greatest_scale((format == SPUD_Q8_0 ? 7 : 3) + HALF_BITS));
    return;
  }
  const spud_shape shape = spud_shape_of(format);
  _Alignas(64) block_scales spread[SLICE_STEPS];
  block_functions_of(format).spread(slice, steps / shape.blocks, w->spread, spread);
  w->kind = shape.minima ? WIDEN_BYTES_WITH_MINIMA : WIDEN_BYTES;
  w->codes = w->spread, w->stride = SPREAD_BYTES, w->memory_stride = spud_unit_bytes(format) / (size_t)shape.blocks;
  scale_range range = no_scales();
  u16x32 reach = {0};
  for (int64_t step = 0; step < steps; step++) {
    half_scales *const s = w->scales + step;
    SPUD_EACH(part, 2) {
      f32x16 scales[2], offsets[2];
      SPUD_EACH(half, 2) scales_of_block(shape, spread + step, part, half, scales + half, offsets + half);
      s->scales[part] = scaled_halves(scales);
      note_scales(&range, (f16x32)s->scales[part]);
      if (!shape.minima) continue;
      s->offsets[part] = scaled_halves(offsets);
      reach = __builtin_elementwise_max(reach, s->offsets[part] & 0x7fff);
    }
  }
  // Codes around zero are as large as bytes are; products of the others are half as large as a half can be, at most, as
  // what is added to them.
  const int bits = shape.minima ? 1 + 4 * shape.nibbles + 2 * shape.pairs + shape.bits : 7;
  w->fits = are_halves(range, bits) && !exceeds(reach, greatest_scale(1));
}

/// A step at once.
static void widen_step(const widening *w, int64_t step, uint8_t *to) {
  const uint8_t *const codes = w->codes + step * w->stride;
#define SPUD_WIDEN(kind) \
  case kind: { \
    const pair_scales scales = scales_of_step(kind, w, step, codes); \
    return widen_parts(kind, 0, PARTS, codes, codes, &scales, to); \
  }
  switch (w->kind) {
    SPUD_WIDEN(WIDEN_Q8_0) SPUD_WIDEN(WIDEN_Q4_0) SPUD_WIDEN(WIDEN_BYTES) SPUD_WIDEN(WIDEN_BYTES_WITH_MINIMA)
    default: break;
  }
#undef SPUD_WIDEN
}

/// A step of a slice whose scales are no halves, through floats; slow.
static void widen_plainly(const widening *w, spud_format format, int64_t step, uint8_t *to) {
  float values[SLICE_STEPS * STEP_COLUMNS];
  const int64_t columns = spud_unit_columns(format), unit = step * STEP_COLUMNS / columns;
  const float *const first = values + (step * STEP_COLUMNS - unit * columns);
  for (int64_t row = 0; row < SPUD_PANEL_ROWS; row++) {
    spud_unpack_row(format, w->slice + (size_t)unit * spud_unit_bytes(format), row, columns, values);
    for (int64_t column = 0; column < STEP_COLUMNS; column++) {
      const int64_t pair = column / 4 * 2 + column % 2, place = column % 4 / 2;
      const uint16_t value = spud_bf16(first[column] * WEIGHT_SCALE);
      memcpy(to + row / 16 * TILE_BYTES + 64 * pair + row % 16 * 4 + 2 * place, &value, 2);
    }
  }
}
