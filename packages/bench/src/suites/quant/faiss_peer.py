"""faiss for the suite: reads a line of JSON, does it, answers with a line of JSON, and keeps the time itself.

One thread. Rows are float32 files that are read once; indexes stay by name.
"""
import json
import sys
import time

import faiss
import numpy as np

data, indexes = {}, {}


def timed(work):
    start = time.perf_counter_ns()
    work()
    return time.perf_counter_ns() - start


def version():
    return {"version": faiss.__version__, "options": faiss.get_compile_options().split(), "numpy": np.__version__}


def load(name, rows, queries, dimensions):
    read = [np.fromfile(file, np.float32).reshape(-1, dimensions) for file in (rows, queries)]
    data[name] = read
    return [len(each) for each in read]


def quantiser(index):
    """The index that has the product quantiser, below a rotation; else None."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexPreTransform):
        index = faiss.downcast_index(index.index)
    return index if hasattr(index, "pq") else None


def train(name, corpus, factory, sample, iterations):
    """Nanoseconds of a training on the first rows."""
    rows = data[corpus][0]
    index = faiss.index_factory(rows.shape[1], factory)
    product = quantiser(index)
    if product is not None:
        product.pq.cp.niter = iterations
        # Else it takes 256 rows a centroid of those that it is given.
        product.pq.cp.max_points_per_centroid = sample
    spent = timed(lambda: index.train(rows[:sample]))
    indexes[name] = (corpus, index)
    return spent


def encode(name, count):
    """Nanoseconds of encoding the first rows, in the order that they are searched in."""
    corpus, index = indexes[name]
    index.reset()
    return timed(lambda: index.add(data[corpus][0][:count]))


def fill(name):
    corpus, index = indexes[name]
    index.reset()
    index.add(data[corpus][0])
    return index.ntotal


def search(name, count, k, repeats):
    """Nanoseconds of so many queries, one after the other."""
    corpus, index = indexes[name]
    queries = data[corpus][1][:count]

    def work():
        for _ in range(repeats):
            for i in range(len(queries)):
                index.search(queries[i : i + 1], k)

    return timed(work)


def found(name, k):
    corpus, index = indexes[name]
    return index.search(data[corpus][1], k)[1].tolist()


def facts(name):
    """Bytes of a code, and the mean squared distance of rows from what their codes stand for."""
    corpus, index = indexes[name]
    rows = data[corpus][0]
    squares = 0.0
    for first in range(0, len(rows), 8192):
        some = rows[first : first + 8192]
        squares += float(((some - index.sa_decode(index.sa_encode(some))) ** 2).sum(dtype=np.float64))
    return {"bytes": index.sa_code_size(), "error": squares / len(rows)}


def kmeans(corpus, clusters, sample, iterations):
    rows = data[corpus][0][:sample]
    clustering = faiss.Clustering(rows.shape[1], clusters)
    clustering.niter, clustering.seed, clustering.max_points_per_centroid = iterations, 1, sample
    flat = faiss.IndexFlatL2(rows.shape[1])
    spent = timed(lambda: clustering.train(rows, flat))
    distances, _ = flat.search(rows, 1)
    return {"time": spent, "objective": float(distances.sum(dtype=np.float64)) / len(rows)}


faiss.omp_set_num_threads(1)
commands = {f.__name__: f for f in (version, load, train, encode, fill, search, found, facts, kmeans)}
for line in sys.stdin:
    try:
        request = json.loads(line)
        answer = json.dumps(commands[request.pop("do")](**request))
    except Exception as error:  # Whatever it is: the suite says it.
        answer = "error " + " ".join(str(error).split())[-300:]
    print(answer, flush=True)
