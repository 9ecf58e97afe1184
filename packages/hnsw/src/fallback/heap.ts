/** A binary heap of distances with slots, the least distance first; on typed arrays that grow by doubling. */
export class Heap {
  size = 0;
  #distances = new Float32Array(64);
  #slots = new Uint32Array(64);

  clear(): void {
    this.size = 0;
  }

  /** The least distance; only where there is one. */
  get least(): number {
    return this.#distances[0];
  }

  push(distance: number, slot: number): void {
    if (this.size === this.#slots.length) this.#grow();
    const [distances, slots] = [this.#distances, this.#slots];
    let i = this.size++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (distances[parent] <= distance) break;
      distances[i] = distances[parent];
      slots[i] = slots[parent];
      i = parent;
    }
    distances[i] = distance;
    slots[i] = slot;
  }

  /** Takes the first away; only where there is one. */
  pop(): number {
    const [distances, slots] = [this.#distances, this.#slots];
    const first = slots[0];
    const n = --this.size;
    const [distance, slot] = [distances[n], slots[n]];
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      if (child + 1 < n && distances[child + 1] < distances[child]) child++;
      if (distances[child] >= distance) break;
      distances[i] = distances[child];
      slots[i] = slots[child];
      i = child;
    }
    distances[i] = distance;
    slots[i] = slot;
    return first;
  }

  #grow(): void {
    const [distances, slots] = [this.#distances, this.#slots];
    this.#distances = new Float32Array(2 * distances.length);
    this.#slots = new Uint32Array(2 * slots.length);
    this.#distances.set(distances);
    this.#slots.set(slots);
  }
}

/** The k nearest of what is offered. */
export class Nearest {
  /** By negated distances, so that the farthest comes first. */
  readonly #heap = new Heap();
  #most = 0;

  begin(most: number): void {
    this.#heap.clear();
    this.#most = most;
  }

  get size(): number {
    return this.#heap.size;
  }

  /** What a distance has to be below. */
  get bound(): number {
    return this.#heap.size < this.#most ? Number.POSITIVE_INFINITY : -this.#heap.least;
  }

  get isFull(): boolean {
    return this.#heap.size >= this.#most;
  }

  offer(distance: number, slot: number): void {
    const heap = this.#heap;
    if (heap.size >= this.#most) {
      if (distance >= -heap.least) return;
      heap.pop();
    }
    heap.push(-distance, slot);
  }

  /** Takes them all, nearest first. Reused arrays may be longer than there are. */
  take(slots: Uint32Array, distances: Float32Array): number {
    const count = this.#heap.size;
    for (let i = count - 1; i >= 0; i--) {
      distances[i] = -this.#heap.least;
      slots[i] = this.#heap.pop();
    }
    return count;
  }
}
