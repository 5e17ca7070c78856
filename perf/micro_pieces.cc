// perf/micro_pieces.cc   google-benchmark over the pieces of micro.h: what one byte, one batch, one request costs.
#include <benchmark/benchmark.h>

#include "micro.h"

template <uint32_t (*piece)(struct micro *)> static void run(benchmark::State &state, bool bytes)
{
    struct micro *micro = micro_begin(static_cast<size_t>(state.range(0)));

    benchmark::DoNotOptimize(piece(micro)); // Prepares what it needs.
    for (auto _ : state) benchmark::DoNotOptimize(piece(micro));
    if (bytes) state.SetBytesProcessed(state.iterations() * state.range(0));
    micro_end(micro);
}

static void Crc(benchmark::State &state)
{
    run<micro_crc>(state, true);
}
static void CrcCopy(benchmark::State &state)
{
    run<micro_crc_copy>(state, true);
}
static void JudgeBatch(benchmark::State &state)
{
    run<micro_judge_batch>(state, true);
}
static void ReadProduce(benchmark::State &state)
{
    run<micro_read_produce>(state, false);
}
static void ReadFetch(benchmark::State &state)
{
    run<micro_read_fetch>(state, false);
}
static void WriteMetadata(benchmark::State &state)
{
    run<micro_write_metadata>(state, false);
}
static void Append(benchmark::State &state)
{
    run<micro_append>(state, true);
}
static void Fetch(benchmark::State &state)
{
    run<micro_fetch>(state, true);
}

BENCHMARK(Crc)->Arg(64)->Arg(512)->Arg(4096)->Arg(262144);
BENCHMARK(CrcCopy)->Arg(64)->Arg(512)->Arg(4096)->Arg(262144);
BENCHMARK(JudgeBatch)->Arg(1024)->Arg(262144);
BENCHMARK(ReadProduce)->Arg(256);
BENCHMARK(ReadFetch)->Arg(1)->Arg(1000);
BENCHMARK(WriteMetadata)->Arg(1)->Arg(1000);
BENCHMARK(Append)->Arg(1024)->Arg(16384)->Arg(262144);
BENCHMARK(Fetch)->Arg(65536)->Arg(1048576);
