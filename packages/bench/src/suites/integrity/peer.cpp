// The peers of suite `integrity` that are C and C++ libraries, each in a process of its own: compiled with PEER_IGRAPH
// or PEER_BOOST (native.ts). Graphs are loaded once; a run is timed here, so no figure holds a process start or a pipe.
//
// Requests, one a line on stdin, each with one line of answer on stdout:
//
//   version                 the library's version
//   graph n m               then m lines "u v weight", whole weights: takes the graph in     -> its number
//   cut g k                 k minimum cuts of graph g, one after the other                   -> nanoseconds, weight
//   side g                  one minimum cut                                                  -> weight, its nodes
//   lambda2 g k tolerance   k times the second smallest eigenvalue of the Laplacian          -> nanoseconds, value,
//                           (igraph only)                                                       products of one
//
// or "error" and why.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Edge {
  int source, target, weight;
};

struct Cut {
  double weight = 0;
  std::vector<int> side;
};

struct Eigenvalue {
  double value = 0;
  int products = 0;
};

#if defined(PEER_IGRAPH)
#include <igraph/igraph.h>

static void check(igraph_error_t code) {
  if (code != IGRAPH_SUCCESS) throw std::runtime_error(igraph_strerror(code));
}

class Graph {
 public:
  Graph(int nodes, const std::vector<Edge>& edges) : nodes_(nodes), start_(nodes + 1), degree_(nodes) {
    igraph_vector_int_t ends;
    check(igraph_vector_int_init(&ends, 2 * edges.size()));
    check(igraph_vector_init(&capacity_, edges.size()));
    for (std::size_t i = 0; i < edges.size(); i++) {
      VECTOR(ends)[2 * i] = edges[i].source;
      VECTOR(ends)[2 * i + 1] = edges[i].target;
      VECTOR(capacity_)[i] = edges[i].weight;
    }
    check(igraph_create(&graph_, &ends, nodes, IGRAPH_UNDIRECTED));
    igraph_vector_int_destroy(&ends);
    readRows(edges);
  }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;
  ~Graph() {
    igraph_destroy(&graph_);
    igraph_vector_destroy(&capacity_);
  }

  // As ours: the weight, the side and the edges across. igraph gives the nodes of both sides; so does this.
  Cut cut() const {
    igraph_real_t weight;
    igraph_vector_int_t side, rest, across;
    check(igraph_vector_int_init(&side, 0));
    check(igraph_vector_int_init(&rest, 0));
    check(igraph_vector_int_init(&across, 0));
    check(igraph_mincut(&graph_, &weight, &side, &rest, &across, &capacity_));
    Cut found{weight, {}};
    for (igraph_integer_t i = 0; i < igraph_vector_int_size(&side); i++)
      found.side.push_back(static_cast<int>(VECTOR(side)[i]));
    igraph_vector_int_destroy(&side);
    igraph_vector_int_destroy(&rest);
    igraph_vector_int_destroy(&across);
    return found;
  }

  // ARPACK, through igraph: the smallest eigenvalue of L + c J / n, J all ones. With c above all eigenvalues of L this lifts
  // the eigenvalue 0 of the constant vector to the top and leaves the others; without it ARPACK would look for 0 first.
  Eigenvalue lambda2(double tolerance) const {
    igraph_arpack_options_t options;
    igraph_arpack_options_init(&options);
    options.n = nodes_;
    options.which[0] = 'S';
    options.which[1] = 'A';
    options.nev = 1;
    options.ncv = 0;  // igraph chooses
    options.tol = tolerance;
    options.mxiter = 10'000;
    igraph_vector_t values;
    check(igraph_vector_init(&values, 0));
    const igraph_error_t code = igraph_arpack_rssolve(
        [](igraph_real_t* to, const igraph_real_t* from, int, void* self) {
          static_cast<const Graph*>(self)->multiply(from, to);
          return IGRAPH_SUCCESS;
        },
        const_cast<Graph*>(this), &options, nullptr, &values, nullptr);
    const Eigenvalue found{code == IGRAPH_SUCCESS ? VECTOR(values)[0] : 0, options.numop};
    igraph_vector_destroy(&values);
    check(code);
    return found;
  }

 private:
  void readRows(const std::vector<Edge>& edges) {
    for (const Edge& edge : edges) {
      start_[edge.source + 1]++;
      start_[edge.target + 1]++;
      degree_[edge.source] += edge.weight;
      degree_[edge.target] += edge.weight;
    }
    for (int v = 0; v < nodes_; v++) start_[v + 1] += start_[v];
    column_.resize(2 * edges.size());
    weight_.resize(2 * edges.size());
    std::vector<int> at(start_.begin(), start_.end() - 1);
    for (const Edge& edge : edges) {
      column_[at[edge.source]] = edge.target;
      weight_[at[edge.source]++] = edge.weight;
      column_[at[edge.target]] = edge.source;
      weight_[at[edge.target]++] = edge.weight;
    }
    // Gershgorin: no eigenvalue of L is above twice the largest degree.
    lift_ = 2 * *std::max_element(degree_.begin(), degree_.end());
  }

  void multiply(const double* from, double* to) const {
    double sum = 0;
    for (int v = 0; v < nodes_; v++) sum += from[v];
    const double lifted = lift_ * sum / nodes_;
    for (int v = 0; v < nodes_; v++) {
      double value = degree_[v] * from[v];
      for (int k = start_[v]; k < start_[v + 1]; k++) value -= weight_[k] * from[column_[k]];
      to[v] = value + lifted;
    }
  }

  int nodes_;
  igraph_t graph_;
  igraph_vector_t capacity_;
  std::vector<int> start_, column_;
  std::vector<double> degree_, weight_;
  double lift_ = 0;
};

static std::string version() {
  const char* text;
  igraph_version(&text, nullptr, nullptr, nullptr);
  return text;
}

static void setUp() {
  igraph_set_error_handler(igraph_error_handler_ignore);
  igraph_set_warning_handler(igraph_warning_handler_ignore);
}

#elif defined(PEER_BOOST)
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/one_bit_color_map.hpp>
#include <boost/graph/stoer_wagner_min_cut.hpp>
#include <boost/property_map/property_map.hpp>
#include <boost/version.hpp>

class Graph {
 public:
  Graph(int nodes, const std::vector<Edge>& edges) : graph_(nodes) {
    for (const Edge& edge : edges) boost::add_edge(edge.source, edge.target, edge.weight, graph_);
  }

  // The weight and the side; Boost does not list the edges across.
  Cut cut() const {
    const auto parities = boost::make_one_bit_color_map(num_vertices(graph_), get(boost::vertex_index, graph_));
    Cut found;
    found.weight = boost::stoer_wagner_min_cut(graph_, get(boost::edge_weight, graph_), boost::parity_map(parities));
    for (std::size_t v = 0; v < num_vertices(graph_); v++)
      if (get(parities, v)) found.side.push_back(static_cast<int>(v));
    return found;
  }

  Eigenvalue lambda2(double) const { throw std::runtime_error("Boost.Graph has no eigenvalues"); }

 private:
  boost::adjacency_list<boost::vecS, boost::vecS, boost::undirectedS, boost::no_property,
                        boost::property<boost::edge_weight_t, int>>
      graph_;
};

static std::string version() {
  return std::to_string(BOOST_VERSION / 100'000) + '.' + std::to_string(BOOST_VERSION / 100 % 1000) + '.' +
         std::to_string(BOOST_VERSION % 100);
}

static void setUp() {}

#else
#error "define PEER_IGRAPH or PEER_BOOST"
#endif

// Nanoseconds of `runs` calls; the last result.
template <typename Result, typename Work>
static std::int64_t timed(int runs, Result& result, Work work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < runs; i++) result = work();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begin).count();
}

static std::unique_ptr<Graph> readGraph(std::istringstream& request) {
  int nodes = 0, count = 0;
  if (!(request >> nodes >> count) || nodes < 2 || count < 0) throw std::runtime_error("graph takes n >= 2 and m");
  std::vector<Edge> edges(count);
  for (Edge& edge : edges)
    if (!(std::cin >> edge.source >> edge.target >> edge.weight) || std::min(edge.source, edge.target) < 0 ||
        std::max(edge.source, edge.target) >= nodes)
      throw std::runtime_error("an edge is not \"u v weight\" with 0 <= u, v < n");
  std::cin.ignore();
  return std::make_unique<Graph>(nodes, edges);
}

static void answer(const std::string& line, std::vector<std::unique_ptr<Graph>>& graphs) {
  std::istringstream request(line);
  std::string what;
  request >> what;
  if (what == "version") {
    std::cout << version();
    return;
  }
  if (what == "graph") {
    graphs.push_back(readGraph(request));
    std::cout << graphs.size() - 1;
    return;
  }
  std::size_t number = 0;
  if (!(request >> number)) throw std::runtime_error("unknown request: " + line);
  const Graph& graph = *graphs.at(number);
  int runs = 0;
  if (what == "side") {
    const Cut cut = graph.cut();
    std::cout << cut.weight;
    for (const int node : cut.side) std::cout << ' ' << node;
  } else if (what == "cut" && request >> runs) {
    Cut cut;
    const std::int64_t elapsed = timed(runs, cut, [&] { return graph.cut(); });
    std::cout << elapsed << ' ' << cut.weight;
  } else if (double tolerance = 0; what == "lambda2" && request >> runs >> tolerance) {
    Eigenvalue found;
    const std::int64_t elapsed = timed(runs, found, [&] { return graph.lambda2(tolerance); });
    std::cout << elapsed << ' ' << found.value << ' ' << found.products;
  } else {
    throw std::runtime_error("unknown request: " + line);
  }
}

int main() {
  setUp();
  std::cout << std::setprecision(17);
  std::vector<std::unique_ptr<Graph>> graphs;
  for (std::string line; std::getline(std::cin, line);) {
    try {
      answer(line, graphs);
    } catch (const std::exception& error) {
      std::cout << "error " << error.what();
    }
    std::cout << std::endl;
  }
}
