// Weights on their way into tiles, as bfloat16: included by tiles_amx.h.
//
// A weight becomes a half first, 256 times as large: a multiplication takes 32 halves, where it takes 16 floats. A
// half's bits, rounded and three places lower, are a bfloat16's whose exponent counts from another zero. A slice with a
// scale that no half holds goes through floats.

typedef _Float16 f16x32 __attribute__((vector_size(64)));
typedef uint16_t u16x32 __attribute__((vector_size(64)));
typedef int16_t i16x32 __attribute__((vector_size(64)));
typedef _Float16 f16x16 __attribute__((vector_size(32)));
typedef uint32_t u32x16 __attribute__((vector_size(64)));

enum {
  STEP_COLUMNS = 32,                                ///< columns of one product of tiles
  STEP_BYTES = 2 * STEP_COLUMNS * SPUD_PANEL_ROWS,  ///< of a panel's weights in bfloat16
  SLICE_STEPS = 8,                                  ///< whose weights, twice, are two thirds of a 48 KiB cache
  TILE_BYTES = 1024, TILE_HEIGHT = 16,
};
/// What weights are multiplied by as halves, and what their exponents are less by than those of bfloat16.
#define HALF_SCALE 256
#define MISSING_EXPONENT (127 - 15 - 8)

/// Inputs for weights that are widened: bfloat16, of each four columns the second and the third in the other's place,
/// as `widen_words` leaves those of the weights.
static void prepare_of_read(spud_format format, const float *input, int64_t columns, uint8_t *output) {
  if (format == SPUD_BF16) return prepare_bf16(input, columns, output);
  for (int64_t i = 0; i < columns; i += STEP_COLUMNS) {
    const u16x32 halves = (u16x32)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(input + i + 16), _mm512_loadu_ps(input + i));
    const u16x32 ordered = __builtin_shufflevector(halves, halves, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15,
        16, 18, 17, 19, 20, 22, 21, 23, 24, 26, 25, 27, 28, 30, 29, 31);
    memcpy(output + 2 * i, &ordered, sizeof ordered);
  }
}

/// The extremes of what scales were seen, as bits of halves: zero is the greatest of the least ones.
typedef struct { u16x32 largest, least; } scale_range;

SPUD_INLINE void note_scales(scale_range *range, f16x32 scales) {
  const u16x32 size = (u16x32)scales & 0x7fff;
  range->largest = __builtin_elementwise_max(range->largest, size);
  range->least = __builtin_elementwise_min(range->least, size - 1);
}

/// Whether all scales were zero, or normal halves below 256, so that 255 of them are one too.
SPUD_INLINE int are_halves(scale_range range) {
  return __builtin_reduce_max(range.largest) < 0x5c00 && __builtin_reduce_min(range.least) >= 0x3ff;
}

SPUD_INLINE scale_range no_scales(void) { return (scale_range){.largest = (u16x32){0}, .least = (u16x32){0} - 1}; }

/// A half for each of 16 rows, for both columns of a pair.
SPUD_INLINE f16x32 for_pairs(f16x16 values) {
  const u32x16 wide = __builtin_convertvector((u16x16)values, u32x16);
  return (f16x32)(wide | wide << 16);
}

/// Halves as bfloat16, halfway away from zero; zero is what is less than a normal half.
SPUD_INLINE void store_rounded(f16x32 values, uint8_t *to) {
  // An eighth, rounded: the sign is copied into the three bits below it.
  const u16x32 eighth = (u16x32)_mm512_mulhrs_epi16((__m512i)values, _mm512_set1_epi16(1 << 12)) & 0x8fff;
  const u16x32 is_normal = (u16x32)(((u16x32)values & 0x7c00) != 0);
  const u16x32 bits = (eighth + (MISSING_EXPONENT << 7)) & is_normal;
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

/// Scales, and what is added, of 32 columns: [half of the columns][half of the rows]; times HALF_SCALE.
typedef struct { f16x32 scales[2][2], offsets[2][2]; } half_scales;

/// The upper bytes of -8 to 7 as halves, whose lower ones are zero, looked up by nibbles.
SPUD_INLINE void widen_nibbles(__m512i nibbles, f16x32 scale, uint8_t *to) {
  static const uint8_t uppers[16] = {
      0xc8, 0xc7, 0xc6, 0xc5, 0xc4, 0xc2, 0xc0, 0xbc, 0, 0x3c, 0x40, 0x42, 0x44, 0x45, 0x46, 0x47};
  const __m512i table = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)uppers));
  const u16x32 upper = (u16x32)_mm512_shuffle_epi8(table, nibbles);
  store_rounded((f16x32)(upper << 8) * scale, to);
  store_rounded((f16x32)(upper & 0xff00) * scale, to + 64);
}

/// Scales and minima of a block of block_formats.h as floats: what the bytes are multiplied by, and what is added.
SPUD_INLINE void scales_of_block(spud_shape shape, const block_scales *spread, int part, int half, f32x16 *scale,
    f32x16 *offset) {
  const int from = shape.halves == 2 ? part : 0;
  // What `factor16` took out.
  const i32x16 factor = (i32x16)load16(spread->factors[from] + 16 * half) + (0x3f800000 + (shape.raise << 23));
  f32x16 found = (f32x16)factor;
  if (shape.table) found = select16(found == NO_SCALE, splat16(0), found);
  *scale = found * (1.0f / (float)(1 << shape.raise));
  *offset = shape.minima ? load16(spread->minima[from] + 16 * half) : *scale * -128;
}

SPUD_INLINE f16x32 halves_for_pairs(f32x16 values) {
  return for_pairs(__builtin_convertvector(values * HALF_SCALE, f16x16));
}

/// The scales that a unit begins with.
SPUD_INLINE void load_half_scales(const uint8_t *unit, half_scales *s, scale_range *range) {
  note_scales(range, *(const f16x32 *)unit * HALF_SCALE);
  SPUD_EACH(half, 2) {
    s->scales[0][half] = s->scales[1][half] = for_pairs(*(const f16x16 *)(unit + 32 * half)) * HALF_SCALE;
  }
}

/// What the weights of a slice become bfloat16 from.
typedef enum {
  WIDEN_NOTHING, WIDEN_NIBBLES, WIDEN_BYTES, WIDEN_BYTES_WITH_MINIMA,
  FETCH_PAIRS,  ///< they are bfloat16, and come into the cache only
} widening_kind;

/// A slice that is being widened, or is to be.
typedef struct {
  widening_kind kind;
  int64_t steps;
  const uint8_t *slice; ///< where it begins in its panel
  const uint8_t *from;  ///< the codes of its first step
  size_t stride;        ///< bytes from one step to the next
  half_scales scales[SLICE_STEPS];
  int fits;             ///< 0 where a scale is no half, and what comes of it is of no use
  _Alignas(64) uint8_t spread[SLICE_STEPS * SPREAD_BYTES];
} widening;

/// Bytes of the panel that are asked for ahead of what is widened.
enum { WIDEN_AHEAD = 16 << 10 };

/// One `count / 16` of a step, the `part`-th, as tiles of weights: [half][16 pairs of columns][16 rows][2].
SPUD_INLINE void widen_part(const widening_kind kind, const int count, const widening *w, int64_t step, int part,
    uint8_t *to) {
  const uint8_t *const from = w->from + step * w->stride;
  if (kind == FETCH_PAIRS) SPUD_EACH(i, 2 * count) __builtin_prefetch(from + 64 * (2 * count * part + i), 0, 2);
  if (kind == WIDEN_NOTHING || kind == FETCH_PAIRS) return;
  const half_scales *const s = w->scales + step;
  const f16x32 centre = (f16x32){0} + (_Float16)(kind == WIDEN_BYTES ? 1024 + 128 : 1024);
  const int groups = count < 8 ? count : 8, first = count < 8 ? groups * (part % (8 / groups)) : 0;
  SPUD_EACH(i, count / groups) {
    const int half = count > 8 ? i : part * groups / 8;
    uint8_t *const tile = to + TILE_BYTES * half;
    if (kind == WIDEN_NIBBLES) {
      SPUD_EACH(g, groups / 2) {
        const int group = first / 2 + g;
        const uint8_t *const at = from + 128 * group + 64 * half;
        const __m512i two = _mm512_loadu_si512(at), low = _mm512_set1_epi8(15);
        __builtin_prefetch(at + WIDEN_AHEAD, 0, 2);
        widen_nibbles(_mm512_and_si512(two, low), s->scales[0][half], tile + 128 * group);
        widen_nibbles(_mm512_and_si512(_mm512_srli_epi32(two, 4), low), s->scales[0][half], tile + 128 * (group + 4));
      }
    } else {
      SPUD_EACH(g, groups) {
        const int group = first + g;
        const uint8_t *const at = from + 128 * group + 64 * half;
        __builtin_prefetch(at + WIDEN_AHEAD, 0, 2);
        widen_words(*(const u32x16 *)at, centre, s->scales[group / 4][half], s->offsets[group / 4][half],
            kind == WIDEN_BYTES_WITH_MINIMA, tile + 128 * group);
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
    w->kind = FETCH_PAIRS, w->from = slice, w->stride = STEP_BYTES;
    return;
  }
  scale_range range = no_scales();
  if (format == SPUD_Q8_0 || format == SPUD_Q4_0) {
    w->kind = format == SPUD_Q8_0 ? WIDEN_BYTES : WIDEN_NIBBLES;
    w->stride = format == SPUD_Q8_0 ? SPUD_Q8_0_UNIT_BYTES : SPUD_Q4_0_UNIT_BYTES;
    w->from = slice + SPUD_SCALES_BYTES;
    for (int64_t step = 0; step < steps; step++) load_half_scales(slice + step * w->stride, w->scales + step, &range);
    w->fits = are_halves(range);
    return;
  }
  const spud_shape shape = spud_shape_of(format);
  _Alignas(64) block_scales spread[SLICE_STEPS];
  block_functions_of(format).spread(slice, steps / shape.blocks, w->spread, spread);
  w->kind = shape.minima ? WIDEN_BYTES_WITH_MINIMA : WIDEN_BYTES;
  w->from = w->spread, w->stride = SPREAD_BYTES;
  u16x32 reach = {0};
  for (int64_t step = 0; step < steps; step++) {
    half_scales *const s = w->scales + step;
    SPUD_EACH(part, 2) SPUD_EACH(half, 2) {
      f32x16 scale, offset;
      scales_of_block(shape, spread + step, part, half, &scale, &offset);
      s->scales[part][half] = halves_for_pairs(scale);
      note_scales(&range, s->scales[part][half]);
      if (!shape.minima) continue;
      s->offsets[part][half] = halves_for_pairs(offset);
      reach = __builtin_elementwise_max(reach, (u16x32)s->offsets[part][half] & 0x7fff);
    }
  }
  w->fits = are_halves(range) && __builtin_reduce_max(reach) < 0x7c00;
}

/// The steps of a slice from `first` on at once.
static void widen_rest(const widening *w, int64_t first, uint8_t *to) {
  for (int64_t step = first; step < w->steps; step++) {
    uint8_t *const at = to + step * STEP_BYTES;
    switch (w->kind) {
      case WIDEN_NIBBLES: widen_part(WIDEN_NIBBLES, 16, w, step, 0, at); break;
      case WIDEN_BYTES: widen_part(WIDEN_BYTES, 16, w, step, 0, at); break;
      case WIDEN_BYTES_WITH_MINIMA: widen_part(WIDEN_BYTES_WITH_MINIMA, 16, w, step, 0, at); break;
      default: break;
    }
  }
}

/// A slice whose scales are no halves, through floats; slow.
static void widen_plainly(const widening *w, spud_format format, uint8_t *to) {
  float values[SLICE_STEPS * STEP_COLUMNS];
  for (int64_t row = 0; row < SPUD_PANEL_ROWS; row++) {
    spud_unpack_row(format, w->slice, row, w->steps * STEP_COLUMNS, values);
    for (int64_t column = 0; column < w->steps * STEP_COLUMNS; column++) {
      const int64_t pair = column % 32 / 4 * 2 + column % 2, place = column % 4 / 2;
      const uint16_t value = spud_bf16(values[column]);
      memcpy(to + column / 32 * STEP_BYTES + row / 16 * TILE_BYTES + 64 * pair + row % 16 * 4 + 2 * place, &value, 2);
    }
  }
}
