// Products in tiles (AMX): included by avx512.c behind its kernels. Weights become bfloat16 on the way, a step of 32
// rows and 32 columns at a time, in a small ring in the first-level cache, again for each group of up to 48 input rows,
// whose sums stay in tiles over the whole of a panel: widening once more costs less than sums that come and go, or
// weights that wait in the second-level cache. (Tiles of bytes are faster still, but only where one scale spans a whole
// row: sums of 32 columns have to leave the tiles to be scaled, and that costs more than the products.)
//
// A sum depends on its own input row and on the order of columns alone, so an input row has the same bits whatever
// stands beside it. They are others than the vector kernels'.
//
// Before this file an instruction set defines TILE_TARGET.
#pragma clang attribute push(TILE_TARGET, apply_to = function)

#include "tiles_widen.h"

enum {
  GROUP_TILES = 3,                  ///< tiles of input rows that a group has at most
  GROUP_SUMS = GROUP_TILES * TILE_HEIGHT * SPUD_PANEL_ROWS,
  RING_STEPS = 4, LEAD_STEPS = 2,
  KEPT_SLICES = 8,                  ///< of a panel, whose codes and scales groups behind the first find made
};
_Static_assert(sizeof(float) * GROUP_SUMS + sizeof(widening) * (KEPT_SLICES + 1) <= sizeof(float) * SPUD_READ_WORKSPACE,
    "room for a group's sums, the slices that are kept, and another");

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

/// Sums of 1 to GROUP_TILES tiles of input rows by 32 columns are in tiles [rows / 16][half of the columns].
SPUD_INLINE void zero_sums(const int tiles) {
  _tile_zero(0);
  _tile_zero(1);
  if (tiles > 1) _tile_zero(2);
  if (tiles > 1) _tile_zero(3);
  if (tiles > 2) _tile_zero(4);
  if (tiles > 2) _tile_zero(5);
}

/// Stores them, rows `stride` floats apart.
SPUD_INLINE void store_sums(const int tiles, float *to, size_t stride) {
  const size_t bytes = stride * sizeof(float), tile = TILE_HEIGHT * stride;
  _tile_stored(0, to, bytes);
  _tile_stored(1, to + 16, bytes);
  if (tiles > 1) _tile_stored(2, to + tile, bytes);
  if (tiles > 1) _tile_stored(3, to + tile + 16, bytes);
  if (tiles > 2) _tile_stored(4, to + 2 * tile, bytes);
  if (tiles > 2) _tile_stored(5, to + 2 * tile + 16, bytes);
}

/// Whether input rows `row` to `end` lie one behind another.
SPUD_INLINE int are_neighbours(const spud_product *p, int64_t row, int64_t end) {
  if (!p->input_rows) return 1;
  for (int64_t i = row + 1; i < end; i++) if (p->input_rows[i] != p->input_rows[row] + i - row) return 0;
  return 1;
}

/// Where a tile's inputs begin, and how far its rows are apart.
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

/// The weights of the steps to come on their way into a ring of RING_STEPS steps, all panels for each group of rows.
typedef struct {
  const spud_product *product;
  int64_t panel, group, groups;
  int64_t steps, unit_columns;  ///< of a panel; of the format
  int64_t first, step;          ///< the slice's first step in its panel, and how many of the slice are done
  size_t ahead;                 ///< how far ahead of a step's weights memory is asked for
  uint8_t *ring;
  widening *slices;             ///< [KEPT_SLICES + 1], the last one for all others
  widening *slice;
} weight_stream;

/// Whether memory is asked for at a step: all groups share in asking for the next panel.
SPUD_INLINE int asks_at(const weight_stream *s, int64_t step) { return (s->step + step) % s->groups == s->group; }

/// The memory that a step asks for: what lies `ahead` of its own weights.
SPUD_INLINE const uint8_t *memory_ahead(const weight_stream *s, int64_t step) {
  return s->slice->slice + (size_t)(s->step + step) * s->slice->memory_stride + s->ahead;
}

/// Whether there are weights to come.
SPUD_INLINE int goes_on(const weight_stream *s) { return s->panel < s->product->last_panel; }

/// Prepares for the slice that begins at `first`.
static void begin_slice(weight_stream *s) {
  const spud_product *const p = s->product;
  s->step = 0;
  if (!goes_on(s)) {
    s->slice = s->slices;
    s->slice->kind = WIDEN_NOTHING, s->slice->steps = INT64_MAX, s->slice->fits = 1;
    return;
  }
  s->slice = s->slices + spud_min(s->first / SLICE_STEPS, KEPT_SLICES);
  if (s->group > 0 && s->slice < s->slices + KEPT_SLICES) return;
  begin_widening(s->slice, p->format, p->panels + s->panel * p->panel_bytes, s->first * STEP_COLUMNS / s->unit_columns,
      spud_min(SLICE_STEPS, s->steps - s->first));
}

/// `count` steps of the slice are done.
SPUD_INLINE void advance(weight_stream *s, int64_t count) {
  s->step += count;
  if (s->step < s->slice->steps) return;
  s->first += s->step;
  if (s->first == s->steps) {
    s->first = 0;
    if (++s->group == s->groups) s->group = 0, s->panel++;
  }
  begin_slice(s);
}

/// Some steps of the products of a group of rows.
typedef struct {
  const tile_inputs *inputs;  ///< [GROUP_TILES]
  int64_t step;               ///< the first one's, in the panel
  size_t turn;                ///< of the ring
  const uint8_t *weights;     ///< those of bfloat16, which need no ring, from `step` on
} tile_steps;

/// Adds `count` steps to the sums. Tiles 4 and 5 hold inputs and 6 and 7 weights; where sums take 4 and 5, 6 and 7 hold
/// one each. Between any two products stands a part of widening the step LEAD_STEPS later, in pipes that products leave
/// idle: the processor looks ahead less far than a step.
SPUD_INLINE void multiply_tiles(const tile_steps *r, const int tiles, const int is_bf16, int64_t count,
    const widening_kind kind, const weight_stream *s) {
  const size_t pair_stride = is_bf16 ? SPUD_FLOAT_UNIT_BYTES : 64,
      half_stride = is_bf16 ? SPUD_FLOAT_UNIT_BYTES / 2 : TILE_BYTES;
  const uint8_t *x[GROUP_TILES];
  size_t stride[GROUP_TILES];
  SPUD_EACH(i, tiles) x[i] = r->inputs[i].start + 64 * r->step, stride[i] = r->inputs[i].stride;
#define SPUD_BESIDE(i, products) \
  widen_parts(kind, PARTS * (i) / (products), PARTS * ((i) + 1) / (products), codes, ahead, &scales, to);
  const size_t codes_stride = s->slice->stride;
  const uint8_t *codes = s->slice->codes + (size_t)s->step * codes_stride;
  for (int64_t step = 0; step < count; step++, codes += codes_stride) {
    const size_t turn = r->turn + (size_t)step;
    const uint8_t *const w = is_bf16 ? r->weights + step * STEP_BYTES : s->ring + turn % RING_STEPS * STEP_BYTES;
    uint8_t *const to = s->ring + (turn + LEAD_STEPS) % RING_STEPS * STEP_BYTES;
    const pair_scales scales = scales_of_step(kind, s->slice, s->step + step, codes);
    const uint8_t *const ahead = asks_at(s, step) ? memory_ahead(s, step) : codes;
    if (tiles == 3) {
      _tile_loadd(7, w, pair_stride);
      _tile_loadd(6, x[0], stride[0]);
      _tile_dpbf16ps(0, 6, 7);
      SPUD_BESIDE(0, 6)
      _tile_loadd(6, x[1], stride[1]);
      _tile_dpbf16ps(2, 6, 7);
      SPUD_BESIDE(1, 6)
      _tile_loadd(6, x[2], stride[2]);
      _tile_dpbf16ps(4, 6, 7);
      SPUD_BESIDE(2, 6)
      _tile_loadd(7, w + half_stride, pair_stride);
      _tile_dpbf16ps(5, 6, 7);
      SPUD_BESIDE(3, 6)
      _tile_loadd(6, x[1], stride[1]);
      _tile_dpbf16ps(3, 6, 7);
      SPUD_BESIDE(4, 6)
      _tile_loadd(6, x[0], stride[0]);
      _tile_dpbf16ps(1, 6, 7);
      SPUD_BESIDE(5, 6)
    } else {
      _tile_loadd(6, w, pair_stride);
      _tile_loadd(4, x[0], stride[0]);
      _tile_dpbf16ps(0, 4, 6);
      SPUD_BESIDE(0, 2 * tiles)
      _tile_loadd(7, w + half_stride, pair_stride);
      _tile_dpbf16ps(1, 4, 7);
      SPUD_BESIDE(1, 2 * tiles)
    }
    if (tiles == 2) {
      _tile_loadd(5, x[1], stride[1]);
      _tile_dpbf16ps(2, 5, 6);
      SPUD_BESIDE(2, 4)
      _tile_dpbf16ps(3, 5, 7);
      SPUD_BESIDE(3, 4)
    }
    SPUD_EACH(i, tiles) x[i] += 64;
  }
#undef SPUD_BESIDE
}

/// The same for whatever is to be widened.
SPUD_INLINE void multiply_steps(const tile_steps *r, const int tiles, int64_t count, const weight_stream *s) {
  switch (s->slice->fits ? s->slice->kind : WIDEN_NOTHING) {
    case WIDEN_Q8_0: return multiply_tiles(r, tiles, 0, count, WIDEN_Q8_0, s);
    case WIDEN_Q4_0: return multiply_tiles(r, tiles, 0, count, WIDEN_Q4_0, s);
    case WIDEN_BYTES: return multiply_tiles(r, tiles, 0, count, WIDEN_BYTES, s);
    case WIDEN_BYTES_WITH_MINIMA: return multiply_tiles(r, tiles, 0, count, WIDEN_BYTES_WITH_MINIMA, s);
    case FETCH_PAIRS: return multiply_tiles(r, tiles, 1, count, FETCH_PAIRS, s);
    case WIDEN_NOTHING: break;
  }
  if (r->weights) {
    multiply_tiles(r, tiles, 1, count, WIDEN_NOTHING, s);
  } else {
    multiply_tiles(r, tiles, 0, count, WIDEN_NOTHING, s);
  }
}

/// A panel for a group of rows, while weights stream on: their sums, into the workspace.
SPUD_INLINE void multiply_group(const spud_product *p, tile_steps *r, const int tiles, weight_stream *s,
    const uint8_t *panel) {
  const int64_t whole = s->unit_columns * p->units / STEP_COLUMNS;  // steps that their columns fill
  _Alignas(64) uint8_t last[STEP_BYTES];
  zero_sums(tiles);
  for (r->step = 0; r->step < s->steps;) {
    int64_t count = spud_min(s->steps - r->step, s->slice->steps - s->step);
    if (!s->slice->fits) {
      count = 1;
      widen_plainly(s->slice, p->format, s->step, s->ring + (r->turn + LEAD_STEPS) % RING_STEPS * STEP_BYTES);
    }
    if (p->format == SPUD_BF16) {
      r->weights = panel + r->step * STEP_BYTES;
      if (r->step < whole) {
        count = spud_min(count, whole - r->step);
      } else {
        const size_t there = (size_t)p->units * SPUD_FLOAT_UNIT_BYTES - (size_t)r->step * STEP_BYTES;
        memcpy(last, r->weights, there);
        memset(last + there, 0, sizeof last - there);
        r->weights = last;
      }
    }
    multiply_steps(r, tiles, count, s);
    r->step += count, r->turn += count;
    advance(s, count);
  }
  store_sums(tiles, p->workspace, SPUD_PANEL_ROWS);
  if (p->format == SPUD_BF16) return;
  SPUD_EACH(i, 2 * TILE_HEIGHT * tiles) {
    float *const sums = p->workspace + 16 * i;
    store16(sums, load16(sums) * SUM_SCALE);
  }
}

/// Up to SPUD_READ_ROWS rows over all panels.
static void product_of_rows(const spud_product *p, int64_t first_row, int64_t rows, uint8_t *ring) {
  const int64_t unit_columns = spud_unit_columns(p->format);
  const int64_t steps = (p->units * unit_columns + STEP_COLUMNS - 1) / STEP_COLUMNS;
  const int64_t tiles = (rows + TILE_HEIGHT - 1) / TILE_HEIGHT, groups = (tiles + GROUP_TILES - 1) / GROUP_TILES;
  tile_inputs inputs[SPUD_READ_ROWS / TILE_HEIGHT];
  gather_inputs(p, first_row, rows, 64 * (size_t)steps, inputs);
  weight_stream stream = {
      .product = p, .panel = p->first_panel, .groups = groups, .steps = steps, .unit_columns = unit_columns,
      .ahead = groups == 1 ? WIDEN_AHEAD : p->panel_bytes, .ring = ring,
      .slices = (widening *)(p->workspace + GROUP_SUMS)};
  begin_slice(&stream);
  for (int64_t turn = 0; turn < LEAD_STEPS && goes_on(&stream); turn++) {
    uint8_t *const to = ring + turn * STEP_BYTES;
    if (stream.slice->fits) {
      widen_step(stream.slice, stream.step, to);
    } else {
      widen_plainly(stream.slice, p->format, stream.step, to);
    }
    advance(&stream, 1);
  }
  tile_steps r = {0};
  for (int64_t panel = p->first_panel; panel < p->last_panel; panel++) {
    const uint8_t *const weights = p->panels + panel * p->panel_bytes;
    for (int64_t group = 0; group < groups; group++) {
      const int64_t tile = tiles * group / groups, end = tiles * (group + 1) / groups;
      const int64_t row = tile * TILE_HEIGHT, count = spud_min(end * TILE_HEIGHT, rows) - row;
      if (!is_gated(p)) prefetch_outputs(p, first_row + row, first_row + row + count, panel);
      r.inputs = inputs + tile;
      switch (end - tile) {
        case 1: multiply_group(p, &r, 1, &stream, weights); break;
        case 2: multiply_group(p, &r, 2, &stream, weights); break;
        default: multiply_group(p, &r, 3, &stream, weights); break;
      }
      finish_rows(p, panel, first_row + row, count, p->workspace);
    }
  }
}

static void product_of_tiles(const spud_product *p) {
  _Alignas(64) uint8_t ring[RING_STEPS * STEP_BYTES];
  begin_tiles();
  for (int64_t first_row = 0; first_row < p->rows; first_row += SPUD_READ_ROWS) {
    product_of_rows(p, first_row, spud_min(SPUD_READ_ROWS, p->rows - first_row), ring);
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
