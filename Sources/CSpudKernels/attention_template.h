// Attention of one tile of queries, for one instruction set: included once by kernels_template.h.

/// Positions whose values stay in the first-level cache while all queries and columns pass over them.
enum { POSITIONS_AT_ONCE = 64 };

/// TILE_LANES values of one position, as floats.
SPUD_INLINE tile_floats load_values(const uint8_t *row, int64_t column, int64_t width, spud_format format) {
  typedef int32_t integers __attribute__((vector_size(4 * TILE_LANES)));
  if (format == SPUD_F32) return *(const tile_floats *)(row + 4 * column);
  if (format == SPUD_BF16) {
    typedef uint16_t halves __attribute__((vector_size(2 * TILE_LANES), aligned(2)));
    return (tile_floats)(__builtin_convertvector(*(const halves *)(row + 2 * column), integers) << 16);
  }
  typedef int8_t bytes __attribute__((vector_size(TILE_LANES), aligned(1)));
  const integers values = __builtin_convertvector(*(const bytes *)(row + column), integers);
  return __builtin_convertvector(values, tile_floats) * spud_load_float(row + (width + 31) / 32 * 32 + column / 32 * 4);
}

/// Positions that a combination goes on from and ends before; after the `last` it is finished.
typedef struct { int64_t from, to; int last; } span_of_positions;

/// TILE_LANES columns of a row's output, as many as the head has.
SPUD_INLINE tile_floats read_columns(const spud_attention *a, int64_t row, int64_t column) {
  const float *const output = a->outputs[row] + column;
  if (column + TILE_LANES <= a->head_width) return *(const tile_floats *)output;
  tile_floats values = {0};
  for (int64_t i = 0; i < a->head_width - column; i++) values[i] = output[i];
  return values;
}

/// Writes them, times `factor`.
SPUD_INLINE void write_columns(const spud_attention *a, int64_t row, int64_t column, float factor, tile_floats values) {
  float *const output = a->outputs[row] + column;
  values *= factor;
  if (column + TILE_LANES <= a->head_width) {
    *(tile_floats *)output = values;
  } else {
    for (int64_t i = 0; i < a->head_width - column; i++) output[i] = values[i];
  }
}

/// Positions that are passed over between two looks at the table of pages: half a page, so that what is read next is
/// prefetched a half page ahead, on the next page too.
enum { RUN_POSITIONS = SPUD_PAGE_POSITIONS / 2 };

/// Values of consecutive positions, and those half a page later, which are read soon.
typedef struct { const uint8_t *row, *ahead; int64_t end; } run_of_values;

/// The run that begins at `from`, a multiple of RUN_POSITIONS, and ends before `to` at the latest.
SPUD_INLINE run_of_values next_run(const spud_attention *a, int64_t from, int64_t to) {
  const int64_t end = spud_min(to, from + RUN_POSITIONS);
  const int64_t later = end < to ? end : from;
  return (run_of_values){
      .row = a->values[from / SPUD_PAGE_POSITIONS] + a->value_offset + from % SPUD_PAGE_POSITIONS * a->value_stride,
      .ahead = a->values[later / SPUD_PAGE_POSITIONS] + a->value_offset + later % SPUD_PAGE_POSITIONS * a->value_stride,
      .end = end};
}

/// The values of one position.
SPUD_INLINE const uint8_t *values_at(const spud_attention *a, int64_t position) {
  return a->values[position / SPUD_PAGE_POSITIONS] + a->value_offset + position % SPUD_PAGE_POSITIONS * a->value_stride;
}

/// How many positions all of m rows see.
SPUD_INLINE int64_t shared_positions(const spud_attention *a, const int m) {
  int64_t count = a->lengths[0];
  for (int r = 1; r < m; r++) count = spud_min(count, a->lengths[r]);
  return count;
}

/// output[r, column ..< column + 32 · blocks] += Σ probabilities[r, position] · values[position, column…], the whole
/// divided by sums[r] at last.
SPUD_INLINE void combine(
    const spud_attention *a, int64_t column, span_of_positions span, const float *sums, spud_format format, const int m,
        const int blocks
) {
  const int parts = blocks * TILE_PARTS;
  tile_floats acc[TILE_ROWS][4 * TILE_PARTS];
  SPUD_EACH(r, m) SPUD_EACH(h, parts)
    acc[r][h] = span.from == 0 ? (tile_floats){0} : read_columns(a, r, column + TILE_LANES * h);
  const size_t value_stride = a->value_stride, score_stride = a->score_stride;
  const int64_t width = a->head_width;
  const int64_t shared = spud_min(span.to, shared_positions(a, m));
  for (int64_t from = span.from; from < shared;) {
    const run_of_values run = next_run(a, from, shared);
    const uint8_t *row = run.row, *ahead = run.ahead;
    for (const float *scores = a->scores + from; scores < a->scores + run.end; scores++) {
      // One query reads values as fast as memory gives them, and memory gives more when it is asked early.
      if (m == 1) {
        for (int line = 0; line < blocks * 2; line += 1) __builtin_prefetch(ahead + 64 * line, 0, 3);
      }
      tile_floats probabilities[TILE_ROWS];
      SPUD_EACH(r, m) probabilities[r] = scores[r * score_stride] - (tile_floats){0};
      SPUD_EACH(h, parts) {
        const tile_floats values = load_values(row, column + TILE_LANES * h, width, format);
        SPUD_EACH(r, m) {
          acc[r][h] += values * probabilities[r];
          if (m > 1) { DONE_WITH(acc[r][h]) }
        }
        if (m > 1) { NEXT_WEIGHTS }
      }
      row += value_stride, ahead += value_stride;
    }
    from = run.end;
  }
  // Beyond, a row leaves out what it does not see: its probability is zero, but zero times an infinite value is not.
  // One row sees all.
  const int64_t first_apart = shared > span.from ? shared : span.from;
  for (int64_t position = first_apart; m > 1 && position < span.to; position++) {
    const uint8_t *const row = values_at(a, position);
    SPUD_EACH(r, m) {
      if (position >= a->lengths[r]) continue;
      const tile_floats probabilities = a->scores[r * score_stride + position] - (tile_floats){0};
      SPUD_EACH(h, parts) acc[r][h] += load_values(row, column + TILE_LANES * h, width, format) * probabilities;
    }
  }
  SPUD_EACH(r, m) SPUD_EACH(h, parts)
    write_columns(a, r, column + TILE_LANES * h, span.last ? 1.0f / sums[r] : 1.0f, acc[r][h]);
}

#if BF16_INPUT_UNIT == 4
/// acc += the products of two positions' values with row r's probabilities of them.
SPUD_INLINE void add_pair(
    const spud_attention *a, __m512 acc[2], int64_t r, int64_t position, __m512i first, __m512i second
) {
  // Columns 8k…8k+3 and 8k+4…8k+7 of both.
  const __m512bh low = (__m512bh)_mm512_unpacklo_epi16(first, second);
  const __m512bh high = (__m512bh)_mm512_unpackhi_epi16(first, second);
  const __m512bh pair = (__m512bh)input4((const uint8_t *)(a->scores + r * a->score_stride) + 2 * position);
  acc[0] = _mm512_dpbf16_ps(acc[0], low, pair);
  acc[1] = _mm512_dpbf16_ps(acc[1], high, pair);
}

/// The same of a bfloat16 cache, two positions at a time: `scores` hold pairs of bfloat16 (`pair_scores`).
SPUD_INLINE void combine_pairs(
    const spud_attention *a, int64_t column, span_of_positions span, const float *sums, const int m, const int blocks
) {
  __m512 acc[TILE_ROWS * 2];  // m * blocks is at most 6
  SPUD_EACH(r, m) SPUD_EACH(b, blocks) {
    const int i = (r * blocks + b) * 2;
    if (span.from == 0) {
      acc[i] = acc[i + 1] = _mm512_setzero_ps();
      continue;
    }
    const f32x16 low = (f32x16)read_columns(a, r, column + 32 * b);
    const f32x16 high = (f32x16)read_columns(a, r, column + 32 * b + 16);
    acc[i] = (__m512)__builtin_shufflevector(low, high, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27);
    acc[i + 1] = (__m512)__builtin_shufflevector(low, high, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
  }
  const size_t value_stride = a->value_stride;
  const int64_t shared = shared_positions(a, m), even = spud_min(span.to, shared) / 2 * 2;
  for (int64_t from = span.from; from < even;) {
    const run_of_values run = next_run(a, from, even);
    const uint8_t *row = run.row + 2 * column, *ahead = run.ahead + 2 * column;
    for (int64_t position = from; position < run.end; position += 2) {
      if (m == 1) {
        for (int line = 0; line < blocks; line++) {
          __builtin_prefetch(ahead + 64 * line, 0, 3);
          __builtin_prefetch(ahead + value_stride + 64 * line, 0, 3);
        }
      }
      SPUD_EACH(b, blocks) {
        const uint8_t *const values = row + 64 * b;
        const __m512i first = _mm512_loadu_si512(values), second = _mm512_loadu_si512(values + value_stride);
        SPUD_EACH(r, m) add_pair(a, acc + (r * blocks + b) * 2, r, position, first, second);
      }
      row += 2 * value_stride, ahead += 2 * value_stride;
    }
    from = run.end;
  }
  // Beyond, a row leaves out what it does not see: its probability is zero, but zero times an infinite value is not.
  for (int64_t position = spud_max(even, span.from); position < span.to; position += 2) {
    SPUD_EACH(r, m) {
      if (position >= a->lengths[r]) continue;
      SPUD_EACH(b, blocks) {
        const uint8_t *const values = values_at(a, position) + 2 * column + 64 * b;
        const __m512i second = position + 1 < a->lengths[r] ? _mm512_loadu_si512(values + value_stride)
                                                            : _mm512_setzero_si512();
        add_pair(a, acc + (r * blocks + b) * 2, r, position, _mm512_loadu_si512(values), second);
      }
    }
  }
  SPUD_EACH(r, m) SPUD_EACH(b, blocks) {
    const f32x16 even = (f32x16)acc[(r * blocks + b) * 2], odd = (f32x16)acc[(r * blocks + b) * 2 + 1];
    const float factor = span.last ? 1.0f / sums[r] : 1.0f;
    write_columns(a, r, column + 32 * b, factor,
        __builtin_shufflevector(even, odd, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23));
    write_columns(a, r, column + 32 * b + 16, factor,
        __builtin_shufflevector(even, odd, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31));
  }
}
#endif

SPUD_INLINE void combine_format(
    const spud_attention *a, int64_t column, span_of_positions span, const float *sums, const int m, const int blocks
) {
  switch (a->format) {
    case SPUD_F32: combine(a, column, span, sums, SPUD_F32, m, blocks); break;
#if BF16_INPUT_UNIT == 4
    case SPUD_BF16: combine_pairs(a, column, span, sums, m, blocks); break;
#else
    case SPUD_BF16: combine(a, column, span, sums, SPUD_BF16, m, blocks); break;
#endif
    default: combine(a, column, span, sums, SPUD_Q8_0, m, blocks); break;
  }
}

/// All columns, as many at a time as the registers hold sums for: a lone query passes over a head's values once.
SPUD_INLINE void combine_rows(const spud_attention *a, span_of_positions span, const float *sums, const int m) {
  const int64_t blocks = (a->head_width + 31) / 32;
  int64_t block = 0;
  if (m == 1) {
    for (; block + 4 <= blocks; block += 4) combine_format(a, block * 32, span, sums, m, 4);
  }
  if (m == 1 || 2 * m <= TILE_ROWS) {
    for (; block + 2 <= blocks; block += 2) combine_format(a, block * 32, span, sums, m, 2);
  }
  for (; block < blocks; block++) combine_format(a, block * 32, span, sums, m, 1);
}

#define SPUD_COMBINE_CASE(rows) \
  case rows: \
    if (rows <= TILE_ROWS) combine_rows(a, span, sums, rows <= TILE_ROWS ? rows : 1); \
    break;
static void combine_tile(const spud_attention *a, span_of_positions span, const float *sums, int m) {
  switch (m) {
    SPUD_COMBINE_CASE(1) SPUD_COMBINE_CASE(2) SPUD_COMBINE_CASE(3)
    SPUD_COMBINE_CASE(4) SPUD_COMBINE_CASE(5) SPUD_COMBINE_CASE(6)
    default: break;
  }
}

/// Prepares the rows' queries, one behind another.
static void prepare_queries(const spud_attention *a) {
  for (int64_t r = 0; r < a->rows; r++) {
    const float *query = a->queries[r];
    float padded[SPUD_MAX_HEAD_WIDTH];
    if (a->head_width % 32 != 0) {
      // The next head must not leak into this one's scale.
      memset(padded, 0, sizeof padded);
      memcpy(padded, query, a->head_width * sizeof *query);
      query = padded;
    }
    prepare(a->format, query, a->head_width, a->prepared + r * a->prepared_stride);
  }
}

/// A row's scores become the exponentials of what it sees, and zeros before; returns their sum.
static float probabilities(const spud_attention *a, int64_t row, float *scores) {
  // From the panel on in which its window begins, whatever the others see: so its lanes add up in the same order.
  const int64_t start = a->starts[row], panel = start / SPUD_PANEL_ROWS * SPUD_PANEL_ROWS;
  for (int64_t i = panel; i < start; i++) scores[i] = -INFINITY;
  const float sink = a->sinks ? a->sinks[row] : -INFINITY;
  const float sum = exponentials(scores + panel, a->lengths[row] - panel, a->scale, sink);
  for (int64_t i = 0; i < start; i++) scores[i] = 0;
  return sum;
}

static void attention(const spud_attention *a) {
  const tile_function tile = tile_of(a->format);
  const uint8_t *inputs[SPUD_ATTENTION_ROWS];
  const int64_t tiles = (a->rows + TILE_ROWS - 1) / TILE_ROWS;
  int64_t longest = 0;
  prepare_queries(a);
  for (int64_t r = 0; r < a->rows; r++) {
    inputs[r] = a->prepared + r * a->prepared_stride;
    longest = spud_max(longest, a->lengths[r]);
  }
  for (int64_t panel = 0; panel * SPUD_PANEL_ROWS < longest; panel++) {
    const uint8_t *keys = a->keys[panel] + a->key_offset;
    if (a->rows == 1 && (panel + 1) * SPUD_PANEL_ROWS < longest) {
      // The tile prefetches beyond its panel's end, where a page of another run has nothing.
      const uint8_t *next = a->keys[panel + 1] + a->key_offset;
      if (next != keys + a->key_panel_bytes) {
        for (size_t line = 0; line < 2 * spud_unit_bytes(a->format); line += 64) __builtin_prefetch(next + line, 0, 3);
      }
    }
    for (int64_t t = 0, r = 0, m; t < tiles; t++, r += m) {
      m = tile_height(a->rows, tiles, t);
      tile(keys, a->key_units, inputs + r, (int)m, a->scores + r * a->score_stride + panel * SPUD_PANEL_ROWS,
          a->score_stride, a->rows == 1 ? ONLY_PASS : 1);
    }
  }
  float sums[SPUD_ATTENTION_ROWS];
  for (int64_t r = 0; r < a->rows; r++) {
    float *scores = a->scores + r * a->score_stride;
    sums[r] = probabilities(a, r, scores);
    for (int64_t i = a->lengths[r]; i < longest; i++) scores[i] = 0;
#if BF16_INPUT_UNIT == 4
    if (a->format == SPUD_BF16) pair_scores(scores, longest);
#endif
  }
  // All rows and columns pass over some values before the next ones come from memory.
  const int64_t at_once = a->rows == 1 ? longest : POSITIONS_AT_ONCE;
  spud_attention part = *a;
  for (int64_t from = 0; from < longest; from += at_once) {
    const int64_t to = spud_min(longest, from + at_once);
    const span_of_positions span = {.from = from, .to = to, .last = to == longest};
    for (int64_t t = 0, r = 0, m; t < tiles; t++, r += m) {
      m = tile_height(a->rows, tiles, t);
      part.scores = a->scores + r * a->score_stride, part.outputs = a->outputs + r;
      part.lengths = a->lengths + r;
      combine_tile(&part, span, sums + r, (int)m);
    }
  }
}
