"""Who fits whom, and why: index, near ones, ranking, what was shown."""
