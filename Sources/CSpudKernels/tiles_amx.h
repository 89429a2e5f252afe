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

#include "tiles_widen.h"

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

/// A row of tiles' sums: up to 32 input rows, [1 or 2][16 rows], by `steps` products with a panel's halves.
typedef struct {
  const uint8_t *inputs[2];
  size_t input_stride[2];
  const uint8_t *weights;
  size_t pair_stride, half_stride;  ///< bytes from one pair of columns to the next, and from one half to the other
  float *sums;                      ///< [32][32]
  int begins, resumes, ends;        ///< whether sums start from zero, from `sums`, and go there
} tile_rows;

/// Tiles 0 to 3 are the sums of 16 rows, or of 32, by 32 columns: [rows / 16][half].
SPUD_INLINE void zero_sums(const int both) {
  _tile_zero(0);
  _tile_zero(1);
  if (both) _tile_zero(2);
  if (both) _tile_zero(3);
}

/// Stores them, rows `stride` floats apart.
SPUD_INLINE void store_sums(const int both, float *to, size_t stride) {
  float *const lower = to + TILE_HEIGHT * stride;
  _tile_stored(0, to, stride * sizeof(float));
  _tile_stored(1, to + 16, stride * sizeof(float));
  if (both) _tile_stored(2, lower, stride * sizeof(float));
  if (both) _tile_stored(3, lower + 16, stride * sizeof(float));
}

/// Tiles 0 to 3 are sums, [rows / 16][half]; 4 and 5 inputs, 6 and 7 weights. Between the products of each step stands
/// a part of widening the next slice, in pipes that the products leave idle.
SPUD_INLINE void multiply_tiles(const tile_rows *r, const int both, int64_t steps, const widening_kind kind,
    const int count, const widening *next, int part, uint8_t *to) {
  const size_t sums_stride = SPUD_PANEL_ROWS * sizeof(float);
  float *const lower = r->sums + TILE_HEIGHT * SPUD_PANEL_ROWS;
  if (r->begins) {
    zero_sums(both);
  } else if (r->resumes) {
    _tile_loadd(0, r->sums, sums_stride);
    _tile_loadd(1, r->sums + 16, sums_stride);
    if (both) _tile_loadd(2, lower, sums_stride);
    if (both) _tile_loadd(3, lower + 16, sums_stride);
  }
  for (int64_t step = 0; step < steps; step++) {
    const uint8_t *const weights = r->weights + step * STEP_BYTES;
    _tile_loadd(6, weights, r->pair_stride);
    _tile_loadd(4, r->inputs[0] + 64 * step, r->input_stride[0]);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, weights + r->half_stride, r->pair_stride);
    _tile_dpbf16ps(1, 4, 7);
    if (both) {
      _tile_loadd(5, r->inputs[1] + 64 * step, r->input_stride[1]);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    if (kind != WIDEN_NOTHING && step < next->steps) widen_part(kind, count, next, step, part, to + step * STEP_BYTES);
  }
  if (r->ends) store_sums(both, r->sums, SPUD_PANEL_ROWS);
}

/// The same for whatever is to be widened: the `part`-th of `parts` parts of it, 1, 2 or 4.
SPUD_INLINE void multiply_beside(const tile_rows *r, const int both, int64_t steps, const widening *next, int part,
    int parts, uint8_t *to) {
#define SPUD_BESIDE(kind) \
  case kind: \
    if (parts == 1) return multiply_tiles(r, both, steps, kind, 16, next, part, to); \
    if (parts == 2) return multiply_tiles(r, both, steps, kind, 8, next, part, to); \
    return multiply_tiles(r, both, steps, kind, 4, next, part, to);
  switch (part < parts ? next->kind : WIDEN_NOTHING) {
    SPUD_BESIDE(WIDEN_NIBBLES) SPUD_BESIDE(WIDEN_BYTES) SPUD_BESIDE(WIDEN_BYTES_WITH_MINIMA) SPUD_BESIDE(FETCH_PAIRS)
    case WIDEN_NOTHING: multiply_tiles(r, both, steps, WIDEN_NOTHING, 16, next, part, to);
  }
#undef SPUD_BESIDE
}

/// Whether input rows `row` to `end` lie one behind another.
SPUD_INLINE int are_neighbours(const spud_product *p, int64_t row, int64_t end) {
  if (!p->input_rows) return 1;
  for (int64_t i = row + 1; i < end; i++) if (p->input_rows[i] != p->input_rows[row] + i - row) return 0;
  return 1;
}

/// Where a row of tiles' inputs begin, and how far they are apart.
typedef struct { const uint8_t *start; size_t stride; } tile_inputs;

/// The inputs of up to SPUD_READ_ROWS rows, those that lie apart brought together.
static void gather_inputs(const spud_product *p, int64_t first_row, int64_t rows, size_t row_bytes,
    tile_inputs *inputs) {
  for (int64_t row = 0; row < rows; row += TILE_HEIGHT) {
    const int64_t end = spud_min(row + TILE_HEIGHT, rows);
    tile_inputs *const tile = inputs + row / TILE_HEIGHT;
    *tile = (tile_inputs){.start = input_row(p, first_row + row), .stride = p->input_stride};
    if (are_neighbours(p, first_row + row, first_row + end)) continue;
    tile->start = p->gathered + row * p->input_stride;
    for (int64_t i = row; i < end; i++) {
      memcpy(p->gathered + i * p->input_stride, input_row(p, first_row + i), row_bytes);
    }
  }
}

/// A slice of a panel for all rows, while the next one is widened into `to`.
static void multiply_slice(const spud_product *p, const tile_inputs *inputs, int64_t rows, int64_t step, int64_t count,
    int is_last, tile_rows part, const widening *next, uint8_t *to) {
  const int64_t blocks = (rows + 2 * TILE_HEIGHT - 1) / (2 * TILE_HEIGHT);
  const int parts = blocks >= 4 ? 4 : blocks >= 2 ? 2 : 1;
  part.begins = step == 0, part.resumes = blocks > 1;  // one block's sums need not leave the tiles between slices
  part.ends = blocks > 1 || is_last;
  for (int64_t block = 0; block < blocks; block++) {
    const tile_inputs *const tiles = inputs + 2 * block;
    const int both = rows - 2 * TILE_HEIGHT * block > TILE_HEIGHT;
    for (int i = 0; i < 1 + both; i++) {
      part.inputs[i] = tiles[i].start + 64 * step;
      part.input_stride[i] = tiles[i].stride;
    }
    part.sums = p->workspace + 2 * TILE_HEIGHT * SPUD_PANEL_ROWS * block;
    if (both) {
      multiply_beside(&part, 1, count, next, (int)block, parts, to);
    } else {
      multiply_beside(&part, 0, count, next, (int)block, parts, to);
    }
  }
}

/// Up to SPUD_READ_ROWS rows over all panels.
static void product_of_rows(const spud_product *p, int64_t first_row, int64_t rows, widening *w, uint8_t *wide[2]) {
  const int64_t unit_columns = spud_unit_columns(p->format), columns = p->units * unit_columns;
  const int64_t steps = (columns + STEP_COLUMNS - 1) / STEP_COLUMNS;
  tile_inputs inputs[SPUD_READ_ROWS / TILE_HEIGHT];
  gather_inputs(p, first_row, rows, 64 * (size_t)steps, inputs);
  begin_widening(w, p->format, p->panels + p->first_panel * p->panel_bytes, 0, spud_min(SLICE_STEPS, steps));
  widen_rest(w, 0, wide[0]);
  if (!w->fits) widen_plainly(w, p->format, wide[0]);
  for (int64_t panel = p->first_panel; panel < p->last_panel; panel++) {
    const uint8_t *const weights = p->panels + panel * p->panel_bytes;
    if (!is_gated(p)) prefetch_outputs(p, first_row, first_row + rows, panel);
    for (int64_t step = 0; step < steps; step += SLICE_STEPS) {
      const int64_t count = spud_min(SLICE_STEPS, steps - step), end = step + count;
      tile_rows part = {.weights = wide[0], .pair_stride = 64, .half_stride = TILE_BYTES};
      if (p->format == SPUD_BF16) {
        const uint8_t *const slice = weights + step * STEP_BYTES;
        part.pair_stride = SPUD_FLOAT_UNIT_BYTES, part.half_stride = SPUD_FLOAT_UNIT_BYTES / 2;
        if (end * STEP_COLUMNS <= columns) {
          part.weights = slice;
        } else {  // columns that do not fill the last step
          const size_t there = (size_t)(p->units * SPUD_FLOAT_UNIT_BYTES - step * STEP_BYTES);
          memcpy(wide[0], slice, there);
          memset(wide[0] + there, 0, count * STEP_BYTES - there);
        }
      }
      if (end < steps) {
        begin_widening(w, p->format, weights, end * STEP_COLUMNS / unit_columns, spud_min(SLICE_STEPS, steps - end));
      } else if (panel + 1 < p->last_panel) {
        begin_widening(w, p->format, weights + p->panel_bytes, 0, spud_min(SLICE_STEPS, steps));
      } else {
        w->kind = WIDEN_NOTHING;
      }
      multiply_slice(p, inputs, rows, step, count, end == steps, part, w, wide[1]);
      widen_rest(w, count, wide[1]);  // a panel's last slice may be shorter than the next one's first
      if (w->kind != WIDEN_NOTHING && !w->fits) widen_plainly(w, p->format, wide[1]);
      uint8_t *const widened = wide[1];
      wide[1] = wide[0], wide[0] = widened;
    }
    finish_rows(p, panel, first_row, rows, p->workspace);
  }
}

static void product_of_tiles(const spud_product *p) {
  _Alignas(64) uint8_t wide[2][SLICE_STEPS * STEP_BYTES];
  widening w;
  begin_tiles();
  for (int64_t first_row = 0; first_row < p->rows; first_row += SPUD_READ_ROWS) {
    product_of_rows(p, first_row, spud_min(SPUD_READ_ROWS, p->rows - first_row), &w, (uint8_t *[2]){wide[0], wide[1]});
  }
  // Else the core sleeps less deeply, and a thread's switch carries 8 KiB more.
  _tile_release();
}

#include "attention_tiles.h"

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
      SPUD_KERNELS, .product_of_read = product_of_tiles, .prepare_of_read = prepare_of_read,
      .attention_of_read = attention_of_read, .peak_of_read = peak_of_tiles,
  };
  return &kernels;
}
#pragma clang attribute pop
