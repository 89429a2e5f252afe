#pragma once
// The contract between SpudKernels (Swift) and its arithmetic. Nothing here allocates, blocks or knows of files; how
// work is split over threads is the caller's business. Preconditions are given beside each declaration and are the
// caller's to keep.
//
// Weights live in panels of 32 output rows, one after another. A panel is a sequence of units along the columns:
//
//   f32   unit = 1 column:    [32] float                                                          128 bytes
//   bf16  unit = 2 columns:   [32][2] bfloat16                                                    128 bytes
//   f16   unit = 1 column:    [32] half                                                            64 bytes
//   q8_0  unit = 32 columns:  [32] half scale, [8][32][4] uint8 (value + 128)                    1088 bytes
//   q4_0  unit = 32 columns:  [32] half scale, [4][32][4] nibbles (value + 8); low nibble of
//                             group g: columns 4g…4g+3, high nibble: columns 16+4g…16+4g+3        576 bytes
//
// so that a kernel reads a panel front to back and needs no shuffle: 16 rows fill one 512-bit register. No scale of a
// packed row is zero. The other formats' units, of 32 or 256 columns, are described in block_formats.h.
#include <stddef.h>
#include <stdint.h>

#include "spud_blocks.h"
#include "spud_pool.h"

enum { SPUD_PANEL_ROWS = 32, SPUD_BLOCK = 32, SPUD_PAGE_POSITIONS = 32 };
/// Bytes of a panel's units, and of the scales that a quantized one begins with.
enum {
  SPUD_FLOAT_UNIT_BYTES = SPUD_PANEL_ROWS * 4,
  SPUD_SCALES_BYTES = SPUD_PANEL_ROWS * 2,
  SPUD_Q8_0_UNIT_BYTES = SPUD_SCALES_BYTES + SPUD_PANEL_ROWS * SPUD_BLOCK,
  SPUD_Q4_0_UNIT_BYTES = SPUD_SCALES_BYTES + SPUD_PANEL_ROWS * SPUD_BLOCK / 2,
};
/// Bytes of blocks as files have them, of 32 and of 256 weights: scales, then what they scale.
enum {
  SPUD_Q8_0_BLOCK_BYTES = 2 + 32, SPUD_Q4_0_BLOCK_BYTES = 2 + 16,
};
typedef enum {
  SPUD_F32 = 0, SPUD_BF16 = 1, SPUD_F16 = 2, SPUD_Q8_0 = 3, SPUD_Q4_0 = 4,
  SPUD_Q4_K = 5, SPUD_Q5_K = 6, SPUD_Q6_K = 7, SPUD_Q3_K = 8, SPUD_Q2_K = 9, SPUD_Q4_1 = 10, SPUD_Q5_0 = 11,
  SPUD_Q5_1 = 12, SPUD_IQ4_XS = 13, SPUD_IQ4_NL = 14, SPUD_MXFP4 = 15, SPUD_FORMATS = 16,
} spud_format;

/// 32 activations as signed bytes: value = (scales[0] + scales[1]) * quants, both scales powers of two, the second
/// perhaps negative. `correction` is -128 * the sum of the quants: it takes the offset of the unsigned weights out.
typedef struct { float scales[2]; int32_t correction; int8_t quants[SPUD_BLOCK]; } spud_block;
_Static_assert(sizeof(spud_block) == 2 * 4 + 4 + SPUD_BLOCK, "spud_block has no padding");

/// The same for the formats from Q4_K on, all of them alike: with corrections, and sums of what the quants stand for,
/// of the first 16, of the second, and of both.
typedef struct { float scales[2]; int32_t corrections[3]; float sums[3]; int8_t quants[SPUD_BLOCK]; } spud_summed_block;
_Static_assert(sizeof(spud_summed_block) == 64, "spud_summed_block is one line of the cache");

/// What becomes of a product's rows.
typedef enum {
  SPUD_STORE = 0,       ///< output[row] = sum (+ bias)
  SPUD_ADD = 1,         ///< output[row] += factor[row] * sum (+ bias)
  SPUD_SWIGLU = 2,      ///< panels hold 16 gate and 16 up rows: output = silu(gate) * up
  SPUD_CLAMPED_GLU = 3, ///< the same: output = (up + 1) * gate / (1 + e^(-slope * gate)), gate <= limit, |up| <= limit
} spud_epilogue;

/// output[r, c] = sum_k input[r, k] * weights[c, k] over a range of panels.
typedef struct {
  const uint8_t *panels;      ///< the first panel of the matrix, 64-byte aligned
  size_t panel_bytes;
  int64_t first_panel, last_panel;
  int64_t units;              ///< units along the columns, each panel
  int64_t columns_out;        ///< valid outputs of the whole matrix (its last panel may be padded)
  const uint8_t *input;       ///< rows prepared by `prepare` of the same format
  size_t input_stride;        ///< bytes
  const int32_t *input_rows;  ///< which input row each row reads; NULL: row r reads row r
  int64_t rows;
  float *output;
  size_t output_stride;       ///< floats
  const int32_t *output_rows; ///< which output row each row writes; NULL: row r writes row r
  const float *factors;       ///< [rows], for SPUD_ADD; NULL: 1
  const float *bias;          ///< [columns_out]; for the gated ones [panels, 32], as the panels' rows; NULL: none
  float limit, slope;         ///< for SPUD_CLAMPED_GLU
  float *workspace;           ///< [SPUD_ROW_BLOCK * 32], for what was read [SPUD_READ_WORKSPACE], 64-byte aligned
  uint8_t *gathered;          ///< room for SPUD_READ_ROWS input rows, for products of what was read
  spud_format format;
  spud_epilogue epilogue;
} spud_product;
/// Rows that pass over a panel together; of those that were read more, for widening weights is most of the work. They
/// have room for the codes and scales of a panel, too.
enum { SPUD_ROW_BLOCK = 96, SPUD_READ_ROWS = 256, SPUD_READ_WORKSPACE = 26 << 10 };

/// One tile of attention: up to `rows` query rows that share a key-value head.
typedef struct {
  const uint8_t *const *keys; ///< [pages] where each page's panel of 32 positions begins, less `key_offset`
  size_t key_offset;
  size_t key_panel_bytes;
  int64_t key_units;
  const uint8_t *const *values;///< [pages] where each page's [32, headWidth] values begin, less `value_offset`
  size_t value_offset;
  size_t value_stride;        ///< bytes from one position of a page to the next
  const float *const *queries;///< [rows] pointers to headWidth floats
  float *const *outputs;      ///< [rows] pointers to headWidth floats
  const int32_t *lengths;     ///< [rows] where what each row sees ends, at least 1
  const int32_t *starts;      ///< [rows] where it begins, below its end
  const float *sinks;         ///< [rows] a score, before the scale, of no position; NULL: none
  int64_t rows;               ///< at most SPUD_ATTENTION_ROWS, or SPUD_READ_QUERIES
  int64_t head_width;
  float scale;
  float *scores;              ///< [rows, score_stride], 64-byte aligned
  size_t score_stride;        ///< floats; a multiple of 16, at least the longest length rounded up to one of 32
  uint8_t *prepared;          ///< room for `rows` prepared queries of `prepared_stride` bytes
  size_t prepared_stride;
  spud_format format;         ///< of the cache: f32, bf16 or q8_0
} spud_attention;
/// Rows of one call, at most; and of one for queries that were read.
enum { SPUD_ATTENTION_ROWS = 12, SPUD_READ_QUERIES = 32, SPUD_MAX_HEAD_WIDTH = 1024 };

/// scores[i] = Σ_k query[k] · rows[i][k]: what blocks of keys could mean to a query at most.
typedef struct {
  const uint8_t *const *rows; ///< [count] where each block's row of bfloat16 begins, less `offset`
  size_t offset;
  int64_t count;              ///< at least 1
  int64_t columns;            ///< of a row; a multiple of 64
  const float *query;         ///< [columns]
  float *scores;              ///< [count]
} spud_bounds;

/// The kernels of one instruction set.
typedef struct {
  void (*product)(const spud_product *product);
  void (*attention)(const spud_attention *attention);
  void (*bounds)(const spud_bounds *bounds);
  /// Writes one row of `columns` floats (readable up to a multiple of 32, zero beyond `columns`) as the format's input.
  void (*prepare)(spud_format format, const float *input, int64_t columns, uint8_t *output);
  /// Root-mean-square norm of one row or head; `output` may be `input`.
  void (*normalize)(const float *input, const float *weight, float epsilon, int64_t count, float *output);
  /// output[i] += input[i].
  void (*add)(const float *input, int64_t count, float *output);
  /// input ← softmax(input), over `count` values.
  void (*softmax)(float *values, int64_t count);
  /// Reads `count` bytes, a multiple of 256, 64-byte aligned.
  uint64_t (*read)(const uint8_t *bytes, int64_t count);
  /// The format's multiply-adds in registers only; returns how many operations (a multiply-add is two).
  int64_t (*peak)(spud_format format, int64_t turns);
  /// The product of positions that were read, where they have kernels of their own: NULL where `product` is for all.
  /// Input rows are as `prepare_of_read` makes them; f32 and f16 have none. Up to 16 rows behind the last one may be
  /// read, and may hold anything.
  void (*product_of_read)(const spud_product *product);
  /// As `prepare`, for `product_of_read`: bfloat16 whatever the format is, two bytes a column.
  void (*prepare_of_read)(spud_format format, const float *input, int64_t columns, uint8_t *output);
  /// `attention` of queries that were read, for a bf16 cache: NULL where `attention` is for all. `scores` and
  /// `prepared` have 16 rows, or 32 where there are more than 16.
  void (*attention_of_read)(const spud_attention *attention);
  /// As `peak`, of `product_of_read`.
  int64_t (*peak_of_read)(int64_t turns);
  /// Whether the bf16 format's inputs are pairs of bfloat16 (else they are floats).
  int32_t rounds_to_bf16;
} spud_kernels;

const spud_kernels *spud_kernels_portable(void);
const spud_kernels *spud_kernels_avx2(void);    ///< NULL where it was not compiled
const spud_kernels *spud_kernels_avx512(void);  ///< NULL where it was not compiled
/// The same, and tiles for products of positions that were read.
const spud_kernels *spud_kernels_amx(void);
const spud_kernels *spud_kernels_neon(void);      ///< NULL where it was not compiled
const spud_kernels *spud_kernels_neon_i8mm(void); ///< NULL where it was not compiled
/// Both with their instructions in C; NULL but where Tests/CAVX512Emulation is linked.
const spud_kernels *spud_kernels_avx512_emulated(void);
const spud_kernels *spud_kernels_amx_emulated(void);

/// Bytes of one unit of a panel, and of one input row of `columns` columns (a multiple of 64).
size_t spud_unit_bytes(spud_format format);
int64_t spud_unit_columns(spud_format format);
size_t spud_input_bytes(const spud_kernels *kernels, spud_format format, int64_t columns);
/// Bytes of an input row for `product_of_read`: an odd number of lines, so that a tile's rows lie in different sets of
/// the cache.
size_t spud_read_input_bytes(int64_t columns);

// ---- Packing: from a file's bytes to panels ----

/// Packs `rows` (at most 32) source rows into rows `first_row`… of one panel; `workspace` holds at least `columns`
/// floats. Rows that no call writes are zero as long as the memory is: their scale is.
/// The formats from Q4_K on take the same type of a file only.
void spud_pack_rows(spud_format format, uint8_t *panel, int64_t first_row, spud_encoding encoding,
    const uint8_t *source,
                    int64_t rows, int64_t columns, float *workspace);
/// Writes one row of floats, `columns` long, as row `row` of a panel (the key cache uses this).
void spud_pack_float_row(spud_format format, uint8_t *panel, int64_t row, const float *source, int64_t columns);
/// Reads one row of a panel back as floats.
void spud_unpack_row(spud_format format, const uint8_t *panel, int64_t row, int64_t columns, float *output);
/// The least and the greatest of each column over the 32 keys of each of `panels`, as a row of `spud_bounds`:
/// [headWidth] the least, rounded down, [headWidth] the greatest, rounded up, then zeros up to `row_columns`.
void spud_store_bounds(spud_format format, const uint8_t *const *panels, int64_t panel_count, int64_t head_width,
    int64_t row_columns, uint16_t *row);
/// Writes one position's values in the cache's format: f32, bf16, or q8_0 as [columns padded to 32] int8 then one float
/// scale for each 32.
void spud_store_values(spud_format format, uint8_t *row, const float *source, int64_t columns);
size_t spud_value_bytes(spud_format format, int64_t columns);

// ---- Small things ----

/// The `count` largest of `probabilities`, best first, ties to the lower index.
void spud_best(const float *probabilities, int64_t total, int64_t count, int32_t *indices, float *weights);
/// Rotates one head in place. cosines, sines: [pairs]. `adjacent`: pairs are (2i, 2i+1), else (i, i+pairs).
void spud_rotate(float *head, const float *cosines, const float *sines, int64_t pairs, int32_t adjacent);

int32_t spud_cpu_has_avx2(void);    ///< AVX2, FMA and F16C
int32_t spud_cpu_has_avx512(void);  ///< AVX-512 F, BW, VL, DQ, VNNI, BF16 and VBMI, and GFNI

int32_t spud_cpu_has_neon(void);       ///< NEON with ARMv8.2's dot product
int32_t spud_cpu_has_neon_i8mm(void);  ///< and with ARMv8.6's products of bytes of mixed sign
/// AVX-512 as above and FP16, tiles of bfloat16, and the system's leave to use them, which is asked for here: call it
/// before there are threads.
int32_t spud_cpu_has_amx(void);

/// Bytes of a core's first-level data cache; 0 where the system does not say.
size_t spud_first_cache_bytes(void);

/// Waits while *word == expected; spurious returns are possible.
void spud_futex_wait(const uint32_t *word, uint32_t expected);
void spud_futex_wake(const uint32_t *word);
void spud_pause(void);
/// Pins the calling thread to the `index`-th CPU that it may run on; does nothing when there is none.
void spud_pin_thread(int32_t index);
/// How many CPUs the process may run on.
int32_t spud_cpu_count(void);
/// Zeroed memory of whole 2 MiB pages where the system gives them; NULL when there is none. Freed with
/// `spud_free_pages`.
void *spud_allocate_pages(size_t bytes);
void spud_free_pages(void *pages, size_t bytes);
/// Maps the pages of memory that is about to be read, in one call instead of one fault for each few.
void spud_populate(const void *bytes, size_t count);
