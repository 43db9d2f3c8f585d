//! A part as the bytes of a Parquet file, and back. The same rows give the same bytes. A part says of which sweep it is and which rows
//! it has, and carries a check over all of its bytes, so that no damage goes unseen.

use super::columns::{hex, read_hex};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::{ParquetError, Result as Written};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::reader::{FileReader, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type, TypePtr};
use quorate_engine::random::Hasher64;
use quorate_lab::expect::Standing;
use quorate_lab::sweep::{FORMAT, Manifest, RowDigest, Rows};
use std::hash::Hasher;
use std::sync::Arc;

/// The key of the check, and what stands in its place while it is reckoned.
const CHECK: &str = "quorate.check";
const NO_CHECK: &str = "0000000000000000";

const STANDINGS: [Standing; 3] = [Standing::Held, Standing::Failed, Standing::Undecided];

/// What is wrong with a file that should be a part.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is not whole, or was changed: to be done again.
    Damaged,
    /// It is whole, and not of this sweep: why.
    Foreign(String),
    /// It is another part of this sweep: which.
    Misplaced(u64),
}

/// The bytes of a part. `rows` are all of its rows.
pub(crate) fn encode(manifest: &Manifest, part: u64, rows: &Rows) -> Written<Vec<u8>> {
    let properties = properties(manifest, rows);
    let mut file = SerializedFileWriter::new(Vec::new(), schema(manifest)?, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    let points: Vec<u64> = (rows.first..rows.first + rows.len() as u64).map(|row| manifest.at(row).0).collect();
    for (place, axis) in manifest.axes.iter().enumerate() {
        let places = points.iter().map(|point| manifest.places(*point)[place]);
        let mut column = group.next_column()?.ok_or_else(no_column)?;
        match axis.numbers() {
            Some(numbers) => {
                let values: Vec<f64> = places.map(|place| numbers[place]).collect();
                column.typed::<DoubleType>().write_batch(&values, None, None)?;
            }
            None => {
                let texts: Vec<ByteArray> = axis.values.iter().map(|value| ByteArray::from(value.as_str())).collect();
                let values: Vec<ByteArray> = places.map(|place| texts[place].clone()).collect();
                column.typed::<ByteArrayType>().write_batch(&values, None, None)?;
            }
        }
        column.close()?;
    }
    let seeds: Vec<i64> = (rows.first..rows.first + rows.len() as u64).map(|row| manifest.at(row).1 as i64).collect();
    let mut column = group.next_column()?.ok_or_else(no_column)?;
    column.typed::<Int64Type>().write_batch(&seeds, None, None)?;
    column.close()?;
    let mut column = group.next_column()?.ok_or_else(no_column)?;
    column.typed::<ByteArrayType>().write_batch(&hex(&rows.digests), None, None)?;
    column.close()?;
    let names = STANDINGS.map(|standing| (standing, ByteArray::from(standing.name())));
    let name = |verdict: &Standing| names.iter().find(|(standing, _)| standing == verdict).map(|(_, name)| name.clone());
    let verdicts: Vec<ByteArray> = rows.verdicts.iter().filter_map(name).collect();
    let mut column = group.next_column()?.ok_or_else(no_column)?;
    column.typed::<ByteArrayType>().write_batch(&verdicts, None, None)?;
    column.close()?;
    let (mut values, mut levels) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for metric in &rows.values {
        values.clear();
        levels.clear();
        values.extend(metric.iter().flatten());
        levels.extend(metric.iter().map(|value| i16::from(value.is_some())));
        let mut column = group.next_column()?.ok_or_else(no_column)?;
        column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    group.close()?;
    for (key, value) in facts(manifest, part, rows) {
        file.append_key_value_metadata(KeyValue::new(key.to_string(), value));
    }
    let mut bytes = file.into_inner()?;
    let place = check_place(&bytes).ok_or_else(|| ParquetError::General("the check has no place".to_string()))?;
    let check = format!("{:016x}", check(&bytes));
    bytes[place..place + check.len()].copy_from_slice(check.as_bytes());
    Ok(bytes)
}

fn no_column() -> ParquetError {
    ParquetError::General("the schema has fewer columns than the rows".to_string())
}

/// What a part says of itself; the check comes last.
fn facts(manifest: &Manifest, part: u64, rows: &Rows) -> [(&'static str, String); 8] {
    let mut digest = RowDigest::EMPTY;
    digest.add(manifest, rows);
    [
        ("quorate.format", FORMAT.to_string()),
        ("quorate.version", manifest.quorate.clone()),
        ("quorate.plan", manifest.plan.to_string()),
        ("quorate.part", part.to_string()),
        ("quorate.first_row", rows.first.to_string()),
        ("quorate.rows", rows.len().to_string()),
        ("quorate.digest", digest.finish(manifest).to_string()),
        (CHECK, NO_CHECK.to_string()),
    ]
}

fn schema(manifest: &Manifest) -> Written<TypePtr> {
    let column = |name: &str, physical, repetition, logical| {
        Type::primitive_type_builder(name, physical).with_repetition(repetition).with_logical_type(logical).build().map(Arc::new)
    };
    let text = |name: &str| column(name, Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String));
    let mut columns = Vec::new();
    for axis in &manifest.axes {
        columns.push(match axis.numbers() {
            Some(_) => column(&axis.key, Physical::DOUBLE, Repetition::REQUIRED, None)?,
            None => text(&axis.key)?,
        });
    }
    columns.push(column("seed", Physical::INT64, Repetition::REQUIRED, Some(LogicalType::integer(64, false)))?);
    columns.push(text("digest")?);
    columns.push(text("verdict")?);
    for metric in &manifest.columns {
        columns.push(column(&metric.name, Physical::DOUBLE, Repetition::OPTIONAL, None)?);
    }
    Type::group_type_builder("rows").with_fields(columns).build().map(Arc::new)
}

/// How the columns are written: it depends on the rows alone.
fn properties(manifest: &Manifest, rows: &Rows) -> WriterProperties {
    let path = |name: &str| ColumnPath::new(vec![name.to_string()]);
    let mut builder = WriterProperties::builder()
        .set_created_by(format!("quorate {}", manifest.quorate))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_column_statistics_enabled(path("seed"), EnabledStatistics::Chunk)
        .set_column_dictionary_enabled(path("seed"), false)
        .set_column_encoding(path("seed"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(path("digest"), false);
    for axis in &manifest.axes {
        builder = builder.set_column_statistics_enabled(path(&axis.key), EnabledStatistics::Chunk);
    }
    for (metric, values) in manifest.columns.iter().zip(&rows.values) {
        builder = builder.set_column_dictionary_enabled(path(&metric.name), repeats(values));
    }
    builder.build()
}

/// Whether values come again often enough that a dictionary is worth its time and room: judged by the first few hundred.
fn repeats(values: &[Option<f64>]) -> bool {
    let mut seen: Vec<u64> = values.iter().flatten().take(256).map(|value| value.to_bits()).collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    seen.len() * 2 <= all
}

/// Where in a part's bytes its check stands.
fn check_place(bytes: &[u8]) -> Option<usize> {
    // The key's and the value's lengths take a byte each before them, and so does the kind of the value's field.
    let key = bytes.windows(CHECK.len()).rposition(|window| window == CHECK.as_bytes())?;
    let place = key + CHECK.len() + 2;
    (place + NO_CHECK.len() <= bytes.len()).then_some(place)
}

/// Over all bytes but the check's own.
fn check(bytes: &[u8]) -> u64 {
    let mut hash = Hasher64::new();
    let place = check_place(bytes).unwrap_or(bytes.len());
    hash.write(&bytes[..place]);
    hash.write(&bytes[(place + NO_CHECK.len()).min(bytes.len())..]);
    hash.finish64()
}

/// A part whose bytes are sound and which is the one that it should be.
pub(crate) struct Part {
    file: SerializedFileReader<Bytes>,
    /// Of its rows, as it says itself.
    pub(crate) digest: String,
}

/// Checks the bytes of a file that should be that part of the sweep.
pub(crate) fn open(manifest: &Manifest, part: u64, bytes: Vec<u8>) -> Result<Part, Wrong> {
    let place = check_place(&bytes).ok_or(Wrong::Damaged)?;
    if bytes[place..place + NO_CHECK.len()] != *format!("{:016x}", check(&bytes)).as_bytes() {
        return Err(Wrong::Damaged);
    }
    let file = SerializedFileReader::new(Bytes::from(bytes)).map_err(|_| Wrong::Damaged)?;
    let facts = file.metadata().file_metadata().key_value_metadata().cloned().unwrap_or_default();
    let fact = |key: &str| facts.iter().find(|fact| fact.key == key).and_then(|fact| fact.value.clone()).unwrap_or_default();
    let format = fact("quorate.format");
    if format != FORMAT.to_string() {
        return Err(Wrong::Foreign(format!("it has format {format}, and this quorate knows format {FORMAT}")));
    }
    let version = fact("quorate.version");
    if version != manifest.quorate {
        return Err(Wrong::Foreign(format!("it was made by quorate {version}, and the sweep is of {}", manifest.quorate)));
    }
    let plan = fact("quorate.plan");
    if plan != manifest.plan.to_string() {
        return Err(Wrong::Foreign(format!("it is of another sweep, with plan {plan}")));
    }
    let number = fact("quorate.part").parse().map_err(|_| Wrong::Damaged)?;
    if number != part {
        return Err(Wrong::Misplaced(number));
    }
    let range = manifest.cut.rows_of(part);
    let rows = range.end - range.start;
    let as_cut = fact("quorate.first_row") == range.start.to_string() && fact("quorate.rows") == rows.to_string();
    if !as_cut || file.metadata().file_metadata().num_rows() != rows as i64 || file.num_row_groups() != 1 {
        return Err(Wrong::Damaged);
    }
    Ok(Part { file, digest: fact("quorate.digest") })
}

/// Reads a part's rows from the first to the last, block by block.
pub(crate) struct PartRows {
    next: u64,
    digests: ColumnReaderImpl<ByteArrayType>,
    verdicts: ColumnReaderImpl<ByteArrayType>,
    metrics: Vec<ColumnReaderImpl<DoubleType>>,
    /// Rows whose digests and verdicts were not read.
    passed: usize,
}

impl Part {
    /// Its rows from the beginning, with these of the manifest's columns.
    pub(crate) fn read(&self, manifest: &Manifest, first: u64, wanted: &[usize]) -> Written<PartRows> {
        let group = self.file.get_row_group(0)?;
        let start = manifest.axes.len() + 1;
        let metrics = wanted.iter().map(|column| typed::<DoubleType>(&*group, start + 2 + column)).collect::<Written<_>>()?;
        Ok(PartRows { next: first, digests: typed(&*group, start)?, verdicts: typed(&*group, start + 1)?, metrics, passed: 0 })
    }
}

fn typed<T: DataType>(group: &dyn RowGroupReader, column: usize) -> Written<ColumnReaderImpl<T>> {
    let reader: ColumnReader = group.get_column_reader(column)?;
    Ok(get_typed_column_reader::<T>(reader))
}

impl PartRows {
    /// The next `count` rows, which must be there.
    pub(crate) fn next(&mut self, count: usize) -> Written<Rows> {
        let passed = std::mem::take(&mut self.passed);
        let digests = texts(&mut self.digests, passed, count)?;
        let verdicts = texts(&mut self.verdicts, passed, count)?;
        let rows = Rows {
            first: self.next,
            digests: digests.iter().map(|text| read_hex(text.data())).collect::<Option<_>>().ok_or_else(strange)?,
            verdicts: verdicts.iter().map(|text| verdict(text.data())).collect::<Option<_>>().ok_or_else(strange)?,
            values: self.columns(count)?,
        };
        self.next += count as u64;
        Ok(rows)
    }

    /// What the metrics are in the next `count` rows: much sooner had than the rows whole.
    pub(crate) fn values(&mut self, count: usize) -> Written<Vec<Vec<Option<f64>>>> {
        let values = self.columns(count)?;
        self.next += count as u64;
        self.passed += count;
        Ok(values)
    }

    fn columns(&mut self, count: usize) -> Written<Vec<Vec<Option<f64>>>> {
        let (mut values, mut levels) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut column = |reader: &mut ColumnReaderImpl<DoubleType>| {
            values.clear();
            levels.clear();
            let (read, ..) = reader.read_records(count, Some(&mut levels), None, &mut values)?;
            let mut known = values.iter().copied();
            let column: Vec<Option<f64>> = levels.iter().map(|level| if *level == 1 { known.next() } else { None }).collect();
            if read == count && column.len() == count { Ok(column) } else { Err(strange()) }
        };
        self.metrics.iter_mut().map(&mut column).collect()
    }
}

/// Passes over some, and reads those that follow.
fn texts(reader: &mut ColumnReaderImpl<ByteArrayType>, passed: usize, count: usize) -> Written<Vec<ByteArray>> {
    let mut values = Vec::with_capacity(count);
    let skipped = reader.skip_records(passed)?;
    let (read, ..) = reader.read_records(count, None, None, &mut values)?;
    if skipped == passed && read == count { Ok(values) } else { Err(strange()) }
}

fn verdict(name: &[u8]) -> Option<Standing> {
    STANDINGS.into_iter().find(|standing| standing.name().as_bytes() == name)
}

fn strange() -> ParquetError {
    ParquetError::General("the rows are not those of a sweep".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_engine::outcome::Digest;
    use quorate_lab::metrics::Unit;
    use quorate_lab::sweep::{Axis, Column, Cut};

    fn manifest() -> Manifest {
        let column = |name: &str| Column { name: name.to_string(), unit: Unit::Count };
        Manifest {
            quorate: "1.2.3".to_string(),
            plan: Digest(5),
            scenario: "x".to_string(),
            file: "x.toml".to_string(),
            set: Vec::new(),
            axes: vec![Axis::of("nodes=3,5").unwrap(), Axis::of("latency=5ms,\"a,b\"").unwrap()],
            seeds: 50,
            first_seed: u64::MAX - 60,
            columns: vec![column("always.one"), column("rarely"), column("never"), column("each.its.own")],
            cut: Cut { rows: 200, rows_per_part: 64 },
        }
    }

    fn rows(manifest: &Manifest, part: u64) -> Rows {
        let range = manifest.cut.rows_of(part);
        let mut rows = Rows::empty(range.start, 4);
        for row in range {
            rows.digests.push(Digest(u128::from(row).wrapping_mul(0x1234_5678_9abc_def0_1234_5678_9abc_def1)));
            rows.verdicts.push([Standing::Held, Standing::Undecided, Standing::Failed][row as usize % 3]);
            rows.values[0].push(Some(1.0));
            rows.values[1].push((row % 5 == 0).then_some(-0.0));
            rows.values[2].push(None);
            rows.values[3].push(Some(if row == 3 { f64::INFINITY } else { row as f64 / 7.0 }));
        }
        rows
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let manifest = manifest();
        for number in 0..manifest.cut.parts() {
            let rows = rows(&manifest, number);
            let bytes = encode(&manifest, number, &rows).unwrap();
            assert_eq!(bytes, encode(&manifest, number, &rows).unwrap());
            let part = open(&manifest, number, bytes).unwrap();
            let mut read = part.read(&manifest, rows.first, &[0, 1, 2, 3]).unwrap();
            let mut all = read.next(3).unwrap();
            all.append(read.next(rows.len() - 3).unwrap());
            assert_eq!(all, rows);
            assert!(read.next(1).is_err(), "there are no more");
            let mut some = part.read(&manifest, rows.first, &[3, 1]).unwrap();
            let half = rows.len() / 2;
            let mut values = some.values(half).unwrap();
            let rest = some.next(rows.len() - half).unwrap();
            assert_eq!((rest.first, &rest.digests[..]), (rows.first + half as u64, &rows.digests[half..]));
            values.iter_mut().zip(rest.values).for_each(|(column, more)| column.extend(more));
            assert_eq!(values, [rows.values[3].clone(), rows.values[1].clone()]);
        }
    }

    #[test]
    fn no_damage_goes_unseen() {
        let manifest = manifest();
        let bytes = encode(&manifest, 1, &rows(&manifest, 1)).unwrap();
        for place in 0..bytes.len() {
            for bit in [0, 5] {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                assert!(matches!(open(&manifest, 1, flipped), Err(Wrong::Damaged)), "bit {bit} of byte {place}");
            }
            assert!(matches!(open(&manifest, 1, bytes[..place].to_vec()), Err(Wrong::Damaged)), "the first {place} bytes");
        }
    }

    #[test]
    fn what_is_sound_and_not_meant_is_told_apart() {
        let ours = manifest();
        let bytes = encode(&ours, 1, &rows(&ours, 1)).unwrap();
        let told = |manifest: &Manifest, part: u64| open(manifest, part, bytes.clone()).err().unwrap();
        assert_eq!(told(&ours, 2), Wrong::Misplaced(1));
        let later = Manifest { quorate: "1.2.4".to_string(), ..manifest() };
        assert_eq!(told(&later, 1), Wrong::Foreign("it was made by quorate 1.2.3, and the sweep is of 1.2.4".to_string()));
        let other = Manifest { plan: Digest(6), ..manifest() };
        assert!(matches!(told(&other, 1), Wrong::Foreign(why) if why.contains("another sweep")));
    }
}
