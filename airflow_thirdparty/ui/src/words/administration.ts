/** The words of the administration, which most people never see. */

import words from "./en.json?part=administration";
import { learn } from "./words";

learn(words);
