#!/usr/bin/env python3
"""Reads the parts of a sweep, a row a run, and prints a line for each point of the grid.

usage: scripts/read-sweep.py [DIR [METRIC]]      needs Python 3.10 or later and: pip install polars (1.0 or later)
Begin with results/sweep/example, which is small. The columns are the varied keys, then seed, digest, verdict, and every metric by
its name; a metric that a run does not have is null.

The same rows elsewhere:
  pandas   pandas.read_parquet(sorted(glob.glob(DIR + "/part-*.parquet")))          pip install pandas pyarrow
  DuckDB   SELECT * FROM 'DIR/part-*.parquet'                                       a name with a dot in it wants quotes
  R        arrow::open_dataset(Sys.glob("DIR/part-*.parquet")) |> dplyr::collect()
"""

import sys
from pathlib import Path

import polars as pl

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "results/sweep/example")
metric = sys.argv[2] if len(sys.argv) > 2 else "convergence.time"

# Lazy: of a large sweep only the columns that are asked for leave the disk.
rows = pl.scan_parquet(folder / "part-*.parquet")
columns = rows.collect_schema().names()
if metric not in columns:
    sys.exit(f"{metric} is none of the columns: {', '.join(columns)}")
# What was varied stands before the seed.
point = columns[: columns.index("seed")]

table = (
    rows.group_by(point, maintain_order=True)
    .agg(
        pl.len().alias("runs"),
        (pl.col("verdict") == "failed").sum().alias("failed"),
        pl.col(metric).mean().alias("mean"),
        pl.col(metric).median().alias("p50"),
        pl.col(metric).quantile(0.99, "higher").alias("p99"),
        pl.col(metric).max().alias("max"),
        pl.col(metric).null_count().alias("without"),
        # The worst run is one line away: quorate run FILE --seed … --set …
        pl.col("seed").get(pl.col(metric).arg_max()).alias("seed of max"),
    )
    .collect()
)
with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_width_chars=160, float_precision=4):
    print(metric)
    print(table)
