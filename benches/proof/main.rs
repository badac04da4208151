//! The cost of proofs on a large synthetic ledger, beside the raw hashing of the same leaves in the same run.
//!
//! `cargo bench --bench proof`; with another size: `CHANCERY_BENCH_ENTRIES=100000 cargo bench --bench proof`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made has no result")]

#[path = "../ledger/synthetic.rs"]
#[allow(dead_code, reason = "the other bench uses all of it")]
mod synthetic;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use chancery::certificate::verify;
use chancery::event::{BodyId, Day, Index, Instant, ParticipantId, Size};
use chancery::ledger::{Reading, Writer};
use chancery::log::{Disk, Entries, Frontier, LeafHashes, leaf_hash, prove_inclusion};
use chancery::query::{Axes, roster, status};
use criterion::Criterion;

use synthetic::{holder, make};

const PROGRAM: &str = "bench";

fn main() {
    let entries = std::env::var("CHANCERY_BENCH_ENTRIES").map_or(1_000_000, |n| n.parse().unwrap());
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("proofs");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut bench = Bench {
        criterion: Criterion::default()
            .sample_size(10)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(3))
            .configure_from_args(),
        taken: BTreeMap::new(),
    };
    let made = make(&folder, entries);
    let signed = Writer::open(&made.path, &holder(), Disk::default()).unwrap();
    signed.create_key(&[7; 32]).unwrap();
    signed.close().unwrap();
    let log = Entries::open_reader(&made.path).unwrap();
    let size = log.size();
    let leaves = leaves(&log);
    bench.measure("hashing, raw RFC 6962", || {
        let mut tree = Frontier::default();
        leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
        tree.root()
    });
    drop(leaves);
    bench.measure("hashing, verified from disk", || {
        let (damage, tree) = Entries::verify(&made.path).unwrap();
        assert!(damage.is_empty());
        tree.root()
    });
    bench.measure("root from stored leaf hashes", || {
        let mut tree = Frontier::default();
        log.scan(0, |_, _, hash| tree.push(hash)).unwrap();
        tree.root()
    });
    let mut hashes = Vec::new();
    log.scan(0, |_, _, hash| hashes.push(hash)).unwrap();
    let tree = LeafHashes::new(hashes);
    bench.measure("inclusion proof, tree at hand", || prove_inclusion(&tree, size / 3, size).unwrap());
    let reading = Reading::open(&made.path, Instant::from_micros(0)).unwrap();
    bench.measure("inclusion proof, from disk", || {
        reading.prove_inclusion(Index(size / 3), Size(size)).unwrap().to_string()
    });
    drop(reading);
    certificates(&mut bench, &made, Size(size));
    bench.print(size);
    let _ = std::fs::remove_dir_all(&folder);
}

fn leaves(log: &Entries) -> Vec<Vec<u8>> {
    let mut leaves = Vec::new();
    log.scan(0, |_, leaf, _| leaves.push(leaf.to_vec())).unwrap();
    leaves
}

fn certificates(bench: &mut Bench, made: &synthetic::Made, size: Size) {
    let reading = Reading::open(&made.path, Instant::from_micros(0)).unwrap();
    let key = reading.verifier_key().unwrap();
    let pairs = [&made.pairs[made.pairs.len() / 3], &made.pairs[made.pairs.len() / 2]];
    let answers: Vec<String> = pairs.iter().map(|pair| answer(&reading, pair, size)).collect();
    let roster_of_all = whole(&reading, &pairs[0].1, size);
    let make = |answer: &String| reading.certificate(answer, size, PROGRAM).unwrap();
    bench.measure("certificate, made", || answers.iter().map(make).next());
    let certificates: Vec<String> = answers.iter().map(make).collect();
    let entries = verify(&certificates[0], &key, PROGRAM).unwrap().entries.len();
    println!("a certificate holds {entries} entries in {} bytes", certificates[0].len());
    bench.measure("certificate, verified", || verify(&certificates[0], &key, PROGRAM).unwrap());
    let whole = make(&roster_of_all);
    let entries = verify(&whole, &key, PROGRAM).unwrap().entries.len();
    println!("that of a roster holds {entries} entries in {} bytes", whole.len());
    bench.measure("certificate of a roster, verified", || verify(&whole, &key, PROGRAM).unwrap());
}

fn answer(reading: &Reading, (participant, body): &(ParticipantId, BodyId), size: Size) -> String {
    let material = reading.material(body, Some(participant), size).unwrap();
    let axes = Axes::on_day(Day::from_days(20_000), None, size);
    serde_json::to_value(status(&material, participant, body, &axes).unwrap()).unwrap().to_string()
}

fn whole(reading: &Reading, body: &BodyId, size: Size) -> String {
    let material = reading.material(body, None, size).unwrap();
    let axes = Axes::on_day(Day::from_days(20_000), None, size);
    serde_json::to_value(roster(&material, body, None, &axes).unwrap()).unwrap().to_string()
}

struct Bench {
    criterion: Criterion,
    taken: BTreeMap<&'static str, Vec<f64>>,
}

impl Bench {
    fn measure<T>(&mut self, name: &'static str, mut work: impl FnMut() -> T) {
        let taken = self.taken.entry(name).or_default();
        self.criterion.bench_function(name, |bencher| {
            bencher.iter_custom(|count| {
                let began = Clock::now();
                (0..count).for_each(|_| _ = black_box(work()));
                let took = began.elapsed();
                taken.push(took.as_secs_f64() / count as f64);
                took
            });
        });
    }

    fn median(&self, name: &str) -> Option<f64> {
        let mut taken = self.taken.get(name)?.clone();
        taken.sort_by(f64::total_cmp);
        taken.get(taken.len() / 2).copied()
    }

    fn print(&self, size: u64) {
        println!("\nmedians at {size} entries");
        for name in self.taken.keys() {
            if let Some(seconds) = self.median(name) {
                println!("{name:<34} {:>12.3} ms", seconds * 1e3);
            }
        }
        if let (Some(raw), Some(verified)) =
            (self.median("hashing, raw RFC 6962"), self.median("hashing, verified from disk"))
        {
            println!("\nverified from disk, as a share of the raw rate   {:.2}   floor 0.80", raw / verified);
        }
        if let Some(verified) = self.median("certificate, verified") {
            println!(
                "a certificate verifies in                        {:.2} ms   floor 10 ms",
                verified * 1e3
            );
        }
    }
}
