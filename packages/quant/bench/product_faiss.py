#!/usr/bin/env python3
"""What product.mjs measures, by faiss: pip install faiss-cpu numpy, then the same arguments."""
import argparse
import json
import time

import faiss
import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--rows")
parser.add_argument("--queries")
for name, default in [("dimensions", 0), ("subspaces", 0), ("bits", 8), ("rotation", 0), ("sample", 65536),
                      ("threads", 1), ("count", 200), ("clusters", 0), ("seed", 1234)]:
    parser.add_argument(f"--{name}", type=int, default=default)
a = parser.parse_args()
n, k = a.dimensions, 10
rows = np.fromfile(a.rows, np.float32).reshape(-1, n)
queries = np.fromfile(a.queries, np.float32).reshape(-1, n)[: a.count]
count = len(rows)
sample = np.ascontiguousarray(rows[:: max(1, count // a.sample)][: min(a.sample, count)])
faiss.omp_set_num_threads(a.threads)
out = {"faiss": faiss.__version__, "options": faiss.get_compile_options(), "rows": count, "dimensions": n}


def best(work, rounds=5):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if a.clusters > 0:
    c = faiss.Kmeans(n, a.clusters, niter=20, max_points_per_centroid=10**9, seed=1)
    start = time.perf_counter()
    c.train(sample)
    seconds = time.perf_counter() - start
    distances, _ = c.index.search(sample, 1)
    out["random"] = {"seconds": seconds, "objective": float(distances.sum(dtype=np.float64))}
else:
    pq = faiss.ProductQuantizer(n, a.subspaces, a.bits)
    pq.cp.seed = a.seed
    start = time.perf_counter()
    turn = None
    if a.rotation:
        turn = faiss.OPQMatrix(n, a.subspaces)
        turn.niter = a.rotation
        turn.pq = faiss.ProductQuantizer(n, a.subspaces, a.bits)
        turn.pq.cp.seed = a.seed
        turn.train(sample)
    pq.train(turn.apply(sample) if turn else sample)
    out["trainSeconds"] = time.perf_counter() - start
    x, q = (turn.apply(rows), turn.apply(queries)) if turn else (rows, queries)
    codes = pq.compute_codes(x)
    faiss.omp_set_num_threads(1)
    some = min(count, 4096)
    chunks = [rows[i : i + some] for i in range(0, count - some + 1, some)]
    encode = lambda chunk: pq.compute_codes(turn.apply(chunk) if turn else chunk)
    out["encodeRowsPerSecond"] = some / min(best(lambda: encode(chunk), 1) for chunk in chunks)
    out["error"] = float(((x - pq.decode(codes)) ** 2).sum(1).mean())
    own = turn.apply(sample) if turn else sample
    out["trainingError"] = float(((own - pq.decode(pq.compute_codes(own))) ** 2).sum(1).mean())
    flat = faiss.IndexFlatL2(n)
    flat.add(rows)
    _, truth = flat.search(queries, k)
    index = faiss.IndexPQ(n, a.subspaces, 8) if a.bits == 8 else faiss.IndexPQFastScan(n, a.subspaces, 4)
    index.pq, index.is_trained = pq, True
    index.add(x)

    def recall(most):
        _, found = index.search(q, most)
        return float(np.mean([len(set(f) & set(t)) / k for f, t in zip(found, truth)]))

    out["recall10"], out["recall10In100"] = recall(10), recall(100)
    alone = best(lambda: index.search(q[:1], k), 100)
    batch = best(lambda: index.search(q[:32], k), 20)
    out["nanosecondsPerCode"] = {"topK": alone / count * 1e9, "topKOfBatchOf32": batch / 32 / count * 1e9}
print(json.dumps(out, indent=1))
