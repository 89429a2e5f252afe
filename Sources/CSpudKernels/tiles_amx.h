// Products in tiles (AMX): included by avx512.c behind its kernels. Weights become bfloat16 on the way, 32 rows and 32
// columns at a time, in the first-level cache, where all input rows use them; sums stay in tiles, or wait in
// `workspace` between slices. (Tiles of bytes are faster still, but only where one scale spans a whole row: sums of 32
// columns have to leave the tiles to be scaled, and that costs more than the products.)
//
// A sum depends on its own input row and on the order of columns alone, so an input row has the same bits whatever
// stands beside it. They are others than the vector kernels'.
//
// Before this file an instruction set defines TILE_TARGET.
#pragma clang attribute push(TILE_TARGET, apply_to = function)

enum {
  STEP_COLUMNS = 32,                                  ///< columns of one product of tiles
  STEP_BYTES = 2 * STEP_COLUMNS * SPUD_PANEL_ROWS,    ///< of a panel's weights in bfloat16
  SLICE_STEPS = 16,                                   ///< whose weights are half of a 48 or 64 KiB cache
  TILE_BYTES = 1024, TILE_HEIGHT = 16,
};

/// How tiles are laid out: all of them 16 rows of 64 bytes.
typedef struct { uint8_t palette, first_row, unused[14]; uint16_t row_bytes[16]; uint8_t rows[16]; } tile_layout;

SPUD_INLINE void begin_tiles(void) {
  tile_layout layout = {.palette = 1};
  SPUD_EACH(i, 8) {
    layout.row_bytes[i] = 64;
    layout.rows[i] = TILE_HEIGHT;
  }
  _tile_loadconfig(&layout);
}

/// Four columns of 16 rows, a byte each, as two pairs of bfloat16 for each row: code * scale + offset.
SPUD_INLINE void widen_columns(__m512i codes, __m512 scale, __m512 offset, uint8_t *to) {
  typedef uint16_t u16x32 __attribute__((vector_size(64)));
  const __m512i byte = _mm512_set1_epi32(255);
  SPUD_EACH(pair, 2) {
    const __m512 even = _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(codes, 16 * pair), byte)),
        odd = _mm512_cvtepi32_ps(_mm512_and_si512(_mm512_srli_epi32(codes, 16 * pair + 8), byte));
    const u16x32 apart = (u16x32)_mm512_cvtne2ps_pbh(
        _mm512_fmadd_ps(odd, scale, offset), _mm512_fmadd_ps(even, scale, offset));
    _mm512_storeu_si512(to + 64 * pair, (__m512i)__builtin_shufflevector(apart, apart,
        0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30,
        15, 31));
  }
}

/// 32 columns of a panel, [8][32 rows][4] bytes, as tiles of weights: [half][16 pairs of columns][16 rows][2].
/// `scales` and `offsets` are [half of the columns][half of the rows].
SPUD_INLINE void widen_bytes(const uint8_t *bytes, const __m512 scales[2][2], const __m512 offsets[2][2],
    uint8_t *to) {
  SPUD_EACH(group, 8) SPUD_EACH(half, 2) {
    const __m512i codes = _mm512_load_si512(bytes + 128 * group + 64 * half);
    widen_columns(codes, scales[group / 4][half], offsets[group / 4][half], to + TILE_BYTES * half + 128 * group);
  }
}

/// Scales of bytes that are raised by 128.
SPUD_INLINE void load_scales(const uint8_t *halves, __m512 scales[2][2], __m512 offsets[2][2]) {
  SPUD_EACH(half, 2) {
    scales[0][half] = scales[1][half] = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)(halves + 32 * half)));
    offsets[0][half] = offsets[1][half] = _mm512_mul_ps(scales[0][half], _mm512_set1_ps(-128));
  }
}

static void widen_q8_0(const uint8_t *panel, int64_t units, uint8_t *to) {
  for (; units > 0; units--, panel += SPUD_Q8_0_UNIT_BYTES, to += STEP_BYTES) {
    __m512 scales[2][2], offsets[2][2];
    load_scales(panel, scales, offsets);
    widen_bytes(panel + SPUD_SCALES_BYTES, scales, offsets, to);
  }
}

static void widen_q4_0(const uint8_t *panel, int64_t units, uint8_t *to) {
  _Alignas(64) uint8_t bytes[SPREAD_BYTES];
  for (; units > 0; units--, panel += SPUD_Q4_0_UNIT_BYTES, to += STEP_BYTES) {
    __m512 scales[2][2], offsets[2][2];
    load_scales(panel, scales, offsets);
    SPUD_EACH(half, 2) {  // they stand for themselves less 8
      offsets[0][half] = offsets[1][half] = _mm512_mul_ps(scales[0][half], _mm512_set1_ps(-8));
    }
    SPUD_EACH(line, 8) {
      const __m512i two = _mm512_load_si512(panel + SPUD_SCALES_BYTES + 64 * line), low = _mm512_set1_epi8(15);
      _mm512_storeu_si512(bytes + 64 * line, _mm512_and_si512(two, low));
      _mm512_storeu_si512(bytes + 512 + 64 * line, _mm512_and_si512(_mm512_srli_epi32(two, 4), low));
    }
    widen_bytes(bytes, scales, offsets, to);
  }
}

/// The formats of block_formats.h, whose codes and scales are spread first.
static void widen_blocks(spud_format format, const uint8_t *panel, int64_t units, uint8_t *to) {
  const spud_shape shape = spud_shape_of(format);
  _Alignas(64) uint8_t bytes[SPREAD_BLOCKS * SPREAD_BYTES];
  _Alignas(64) block_scales spread[SPREAD_BLOCKS];
  block_functions_of(format).spread(panel, units, bytes, spread);
  const __m512 step = _mm512_set1_ps(1.0f / (float)(1 << shape.raise));
  for (int64_t block = 0; block < units * shape.blocks; block++, to += STEP_BYTES) {
    __m512 scales[2][2], offsets[2][2];
    SPUD_EACH(part, 2) SPUD_EACH(half, 2) {
      const int from = shape.halves == 2 ? part : 0;
      // What `factor16` took out.
      const __m512i factor = _mm512_add_epi32(_mm512_loadu_si512(spread[block].factors[from] + 16 * half),
          _mm512_set1_epi32(0x3f800000 + (shape.raise << 23)));
      f32x16 scale = (f32x16)factor;
      if (shape.table) scale = select16(scale == NO_SCALE, splat16(0), scale);
      scales[part][half] = _mm512_mul_ps((__m512)scale, step);
      offsets[part][half] = shape.minima ? _mm512_loadu_ps(spread[block].minima[from] + 16 * half) :
          _mm512_mul_ps(scales[part][half], _mm512_set1_ps(-128));
    }
    widen_bytes(bytes + block * SPREAD_BYTES, scales, offsets, to);
  }
}

/// A row of tiles' sums: up to 32 input rows, [1 or 2][16 rows], by `steps` products with a panel's halves.
typedef struct {
  const uint8_t *inputs[2];
  size_t input_stride[2];
  const uint8_t *weights;
  size_t pair_stride, half_stride;  ///< bytes from one pair of columns to the next, and from one half to the other
  float *sums;                      ///< [32][32]
} tile_rows;

/// Tiles 0 to 3 are sums, [rows / 16][half]; 4 and 5 inputs, 6 and 7 weights.
SPUD_INLINE void multiply_tiles(const tile_rows *r, const int both, int64_t steps, int begins, int resumes, int ends) {
  const size_t sums_stride = SPUD_PANEL_ROWS * sizeof(float);
  float *const lower = r->sums + TILE_HEIGHT * SPUD_PANEL_ROWS;
  if (begins) {
    _tile_zero(0);
    _tile_zero(1);
    if (both) _tile_zero(2);
    if (both) _tile_zero(3);
  } else if (resumes) {
    _tile_loadd(0, r->sums, sums_stride);
    _tile_loadd(1, r->sums + 16, sums_stride);
    if (both) _tile_loadd(2, lower, sums_stride);
    if (both) _tile_loadd(3, lower + 16, sums_stride);
  }
  for (int64_t step = 0; step < steps; step++) {
    const uint8_t *const weights = r->weights + step * STEP_BYTES;
    _tile_loadd(6, weights, r->pair_stride);
    _tile_loadd(7, weights + r->half_stride, r->pair_stride);
    _tile_loadd(4, r->inputs[0] + 64 * step, r->input_stride[0]);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    if (!both) continue;
    _tile_loadd(5, r->inputs[1] + 64 * step, r->input_stride[1]);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  if (!ends) return;
  _tile_stored(0, r->sums, sums_stride);
  _tile_stored(1, r->sums + 16, sums_stride);
  if (both) _tile_stored(2, lower, sums_stride);
  if (both) _tile_stored(3, lower + 16, sums_stride);
}

/// Whether input rows `row` to `end` lie one behind another.
SPUD_INLINE int are_neighbours(const spud_product *p, int64_t row, int64_t end) {
  if (!p->input_rows) return 1;
  for (int64_t i = row + 1; i < end; i++) if (p->input_rows[i] != p->input_rows[row] + i - row) return 0;
  return 1;
}

static void product_of_tiles(const spud_product *p) {
  const int64_t unit_columns = spud_unit_columns(p->format), columns = p->units * unit_columns;
  const int64_t steps = (columns + STEP_COLUMNS - 1) / STEP_COLUMNS;
  const size_t unit_bytes = spud_unit_bytes(p->format), row_bytes = (size_t)(64 * steps);
  const int is_wide = p->format == SPUD_BF16;
  _Alignas(64) uint8_t wide[SLICE_STEPS * STEP_BYTES];
  begin_tiles();
  for (int64_t first_row = 0; first_row < p->rows; first_row += SPUD_ROW_BLOCK) {
    const int64_t rows = spud_min(SPUD_ROW_BLOCK, p->rows - first_row);
    const uint8_t *inputs[SPUD_ROW_BLOCK / TILE_HEIGHT];
    size_t strides[SPUD_ROW_BLOCK / TILE_HEIGHT];
    for (int64_t row = 0; row < rows; row += TILE_HEIGHT) {
      const int64_t tile = row / TILE_HEIGHT, end = spud_min(row + TILE_HEIGHT, rows);
      if (are_neighbours(p, first_row + row, first_row + end)) {
        inputs[tile] = input_row(p, first_row + row);
        strides[tile] = p->input_stride;
        continue;
      }
      uint8_t *const gathered = p->gathered + row * p->input_stride;
      for (int64_t i = row; i < end; i++) {
        memcpy(p->gathered + i * p->input_stride, input_row(p, first_row + i), row_bytes);
      }
      inputs[tile] = gathered;
      strides[tile] = p->input_stride;
    }
    const int is_one = rows <= 2 * TILE_HEIGHT;  // whose sums need not leave the tiles between slices
    for (int64_t panel = p->first_panel; panel < p->last_panel; panel++) {
      const uint8_t *const weights = p->panels + panel * p->panel_bytes;
      for (int64_t step = 0; step < steps; step += SLICE_STEPS) {
        const int64_t count = spud_min(SLICE_STEPS, steps - step);
        const int64_t unit = step * STEP_COLUMNS / unit_columns,
            units = spud_min((count * STEP_COLUMNS + unit_columns - 1) / unit_columns, p->units - unit);
        const uint8_t *const slice = weights + unit * unit_bytes;
        const int is_whole = units * unit_columns >= count * STEP_COLUMNS;
        tile_rows part = {.weights = wide, .pair_stride = 64, .half_stride = TILE_BYTES};
        if (is_wide) {
          part.pair_stride = SPUD_FLOAT_UNIT_BYTES;
          part.half_stride = SPUD_FLOAT_UNIT_BYTES / 2;
          if (is_whole) {
            part.weights = slice;
          } else {  // columns that do not fill the last step
            memcpy(wide, slice, units * unit_bytes);
            memset(wide + units * unit_bytes, 0, count * STEP_BYTES - units * unit_bytes);
          }
        } else if (p->format == SPUD_Q8_0) {
          widen_q8_0(slice, units, wide);
        } else if (p->format == SPUD_Q4_0) {
          widen_q4_0(slice, units, wide);
        } else {
          widen_blocks(p->format, slice, units, wide);
        }
        const int begins = step == 0, ends = !is_one || step + count == steps;
        for (int64_t row = 0; row < rows; row += 2 * TILE_HEIGHT) {
          const int64_t tile = row / TILE_HEIGHT;
          const int both = rows - row > TILE_HEIGHT;
          for (int i = 0; i < 1 + both; i++) {
            part.inputs[i] = inputs[tile + i] + 64 * step;
            part.input_stride[i] = strides[tile + i];
          }
          part.sums = p->workspace + row * SPUD_PANEL_ROWS;
          if (both) {
            multiply_tiles(&part, 1, count, begins, !is_one, ends);
          } else {
            multiply_tiles(&part, 0, count, begins, !is_one, ends);
          }
        }
      }
      finish_rows(p, panel, first_row, rows, p->workspace);
    }
  }
  // Else the core sleeps less deeply, and a thread's switch carries 8 KiB more.
  _tile_release();
}

static int64_t peak_of_tiles(int64_t turns) {
  begin_tiles();
  for (int64_t turn = 0; turn < turns; turn++) {
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_release();
  return turns * 4 * 2 * TILE_HEIGHT * 16 * STEP_COLUMNS;
}

const spud_kernels *NAME(spud_kernels_tiles)(void) {
  static const spud_kernels kernels = {
      SPUD_KERNELS, .product_of_read = product_of_tiles, .peak_of_read = peak_of_tiles,
  };
  return &kernels;
}
#pragma clang attribute pop
