"""Work on many workers: a real city divided and assigned, a hundred million points, and a nation on paper."""
