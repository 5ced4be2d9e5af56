"""Walks through graphs: breadth first, shortest paths, topological order, components, spanning trees."""
import heapq
from collections import deque


class Graph:
    def __init__(self, directed=False):
        self.directed = directed
        self.edges = {}

    @classmethod
    def parse(cls, text, directed=False):
        """From lines such as 'a b 3': an edge from a to b of length 3 (1 if there is no number)."""
        graph = cls(directed)
        for line in text.strip().splitlines():
            start, end, *length = line.split()
            graph.connect(start, end, float(length[0]) if length else 1.0)
        return graph

    def connect(self, start, end, length=1.0):
        self.edges.setdefault(start, {})[end] = length
        self.edges.setdefault(end, {})
        if not self.directed:
            self.edges[end][start] = length

    def __iter__(self):
        return iter(self.edges)

    def __getitem__(self, node):
        return self.edges[node]

    def breadth_first(self, start):
        seen = {start}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            yield node
            for neighbour in sorted(self[node]):
                if neighbour not in seen:
                    seen.add(neighbour)
                    queue.append(neighbour)

    def distances(self, start):
        """Dijkstra's algorithm: {node: (length, previous node)}."""
        best = {start: (0.0, None)}
        heap = [(0.0, start)]
        while heap:
            length, node = heapq.heappop(heap)
            if length > best[node][0]:
                continue
            for neighbour, step in self[node].items():
                candidate = length + step
                if neighbour not in best or candidate < best[neighbour][0]:
                    best[neighbour] = (candidate, node)
                    heapq.heappush(heap, (candidate, neighbour))
        return best

    def path(self, start, end):
        best = self.distances(start)
        if end not in best:
            return None
        nodes = [end]
        while nodes[-1] != start:
            nodes.append(best[nodes[-1]][1])
        return nodes[::-1]

    def topological(self):
        waiting = {node: 0 for node in self}
        for node in self:
            for neighbour in self[node]:
                waiting[neighbour] += 1
        ready = sorted(node for node, count in waiting.items() if count == 0)
        order = []
        while ready:
            node = ready.pop(0)
            order.append(node)
            for neighbour in sorted(self[node]):
                waiting[neighbour] -= 1
                if waiting[neighbour] == 0:
                    ready.append(neighbour)
        if len(order) < len(waiting):
            raise ValueError("the graph has a cycle")
        return order

    def components(self):
        left = set(self)
        while left:
            part = set(self.breadth_first(min(left)))
            yield part
            left -= part

    def spanning_tree(self):
        parent = {node: node for node in self}

        def root(node):
            while parent[node] != node:
                parent[node] = parent[parent[node]]
                node = parent[node]
            return node

        tree = Graph()
        every = sorted((length, a, b) for a in self for b, length in self[a].items() if a < b)
        for length, a, b in every:
            if root(a) != root(b):
                parent[root(a)] = root(b)
                tree.connect(a, b, length)
        return tree


ROADS = """
a b 4
a c 1
c b 2
b d 5
x y
"""

if __name__ == "__main__":
    roads = Graph.parse(ROADS)
    assert roads.path("a", "d") == ["a", "c", "b", "d"]
    print("order ", *roads.breadth_first("a"))
    print("parts ", [sorted(part) for part in roads.components()])
    print("tree  ", sum(sum(ends.values()) for ends in roads.spanning_tree().edges.values()) / 2)
    steps = Graph.parse("socks shoes\ntrousers shoes\ntrousers belt\nshirt belt", directed=True)
    print("dress ", " → ".join(steps.topological()))
