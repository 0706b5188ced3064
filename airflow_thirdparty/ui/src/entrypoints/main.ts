/**
 * What Airflow loads.  All else is in parts whose names are their own: parts that are loaded later name those, and
 * never this file, which has its version in its address and would be loaded twice.
 */

await import("./airflow");

export {};
