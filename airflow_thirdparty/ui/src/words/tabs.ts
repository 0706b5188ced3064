/** The words of Airflow's tabs and of delegations, which the page of accounts does without. */

import words from "./en.json?part=tabs";
import { learn } from "./words";

learn(words);
