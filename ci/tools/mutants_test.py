#!/usr/bin/env python3
"""What ci/mutants makes of its hunts, without building anything."""
import math
import unittest

import mutants


def hunted(detections, runs, enough):
    return {"detections": detections, "runs": runs, "enough": enough}


class Rates(unittest.TestCase):
    def test_the_end_of_a_hunt_decides_how_its_rate_is_reckoned(self):
        self.assertEqual(mutants.rate_of(hunted(5, 5, True)), 1)
        self.assertEqual(mutants.rate_of(hunted(5, 41, True)), 0.1)
        self.assertEqual(mutants.rate_of(hunted(4, 40, False)), 0.1)
        self.assertEqual(mutants.rate_of(hunted(0, 40, False)), 0)
        self.assertEqual(mutants.rate_of(hunted(0, 0, False)), 0)
        self.assertEqual(mutants.rate_of(hunted(1, 10, True)), 0.1)  # Too high, as the page says.

    def test_on_average_it_is_the_true_rate(self):
        """Over all hunts that end with the third hit or the 30th run, weighed by how likely they are."""
        for true_rate in (0.02, 0.1, 0.5):
            def chance(hits, runs, of):
                return of * true_rate**hits * (1 - true_rate)**(runs - hits)

            average = sum(chance(3, runs, math.comb(runs - 1, 2)) * mutants.rate_of(hunted(3, runs, True))
                          for runs in range(3, 31))
            average += sum(chance(hits, 30, math.comb(30, hits)) * mutants.rate_of(hunted(hits, 30, False))
                           for hits in range(3))
            self.assertAlmostEqual(average, true_rate)


if __name__ == "__main__":
    unittest.main()
