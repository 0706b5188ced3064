/**
 * Short names for what the server and the page say to each other.
 *
 * The types themselves are generated from the server's own description of its API: `make types`.
 */

import type { components, paths } from "./schema";

/** The methods of an address that the page calls. */
type Method = "get" | "post" | "patch" | "delete";

/** The JSON of a success; a call that the server does not offer is an error of the compiler. */
type Result<Path extends keyof paths, M extends Method = "get"> = paths[Path] extends {
  [method in M]: { responses: { 200: { content: { "application/json": infer Body } } } };
}
  ? Body
  : paths[Path] extends { [method in M]: { responses: { 201: { content: { "application/json": infer Made } } } } }
    ? Made
    : never;

/** The JSON that a call sends. */
type Request<Path extends keyof paths, M extends Method = "post"> = paths[Path] extends {
  [method in M]: { requestBody: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

/** Something went wrong, in words: what happened and what to do about it. */
export type Problem = components["schemas"]["Problem"];

export type AccountList = Result<"/api/v1/accounts">;
/** An account on the caller's page: also where it stands there, and what of theirs needs it. */
export type ListedAccount = AccountList["accounts"][number];
export type Group = ListedAccount["group"];
export type Dependents = Result<"/api/v1/accounts/{conn_id}/dependents">;
/** One account as the caller sees it, with their own sign-in only. */
export type AccountView = Result<"/api/v1/accounts/{conn_id}">;
export type Status = AccountView["status"];
export type Kind = AccountView["kind"];

export type SignInRequest = Request<"/api/v1/accounts/{conn_id}/sign-in">;
/** Where the browser goes; nowhere when the credential of a `key` or `basic` account was stored at once. */
export type SignInStarted = Result<"/api/v1/accounts/{conn_id}/sign-in", "post">;
/** `revoked`: the service ended the grant; `forgotten`: only Airflow deleted it. */
export type SignOutResult = Result<"/api/v1/accounts/{conn_id}/sign-in", "delete">;

export type DelegationList = Result<"/api/v1/dags/{dag_id}/delegations">;
/** The consent of one user to let runs that nobody triggered act with their account. */
export type Delegation = DelegationList["delegations"][number];
export type DelegationRequest = Request<"/api/v1/dags/{dag_id}/delegations">;

export type DagAccounts = Result<"/api/v1/dags/{dag_id}/accounts">;
export type DagWarning = NonNullable<DagAccounts["warning"]>;
export type DagAccount = DagAccounts["accounts"][number];

export type TaskAccount = Result<"/api/v1/task-instances/{dag_id}/{run_id}/{task_id}/{map_index}/account">;
/** What became of one account in a task instance. */
export type TaskAccountUse = TaskAccount["uses"][number];

export type UsagePage = Result<"/api/v1/uses">;
/** One try of a task instance that used the caller's sign-in. */
export type Usage = UsagePage["uses"][number];

export type AccountOverviews = Result<"/api/v1/admin/accounts">;
/** An account without anybody's sign-in; for admins. */
export type AccountOverview = AccountOverviews["accounts"][number];
export type CheckReport = Result<"/api/v1/admin/accounts/{conn_id}/check", "post">;
/** What one step of a check found. */
export type Finding = CheckReport["findings"][number];
/** Who is signed in to an account; for admins. */
export type PeoplePage = Result<"/api/v1/admin/accounts/{conn_id}/sign-ins">;
export type PersonSignedIn = PeoplePage["sign_ins"][number];
export type PresetList = Result<"/api/v1/presets">;
export type PresetInGallery = PresetList["presets"][number];
/** What is known of a service beforehand. */
export type Preset = Result<"/api/v1/presets/{service}">;
export type TenantField = Preset["tenant"][string];
export type NewAccount = Request<"/api/v1/admin/accounts">;
export type ChangedAccount = Request<"/api/v1/admin/accounts/{conn_id}", "patch">;
/** An account with every field that it may have; never its secret. */
export type AccountForm = Result<"/api/v1/admin/accounts/{conn_id}/form">;
export type Losses = AccountForm["losses"];
/** A public DAG that uses accounts; for admins. */
export type DagAtRisk = Result<"/api/v1/admin/dags-at-risk">["dags"][number];
export type DelegationOfDag = Result<"/api/v1/admin/delegations">["delegations"][number];
/** Which roles find the page; for admins. */
export type RoleList = Result<"/api/v1/admin/roles">;
export type RoleAccess = RoleList["roles"][number];
/** How much one person's sign-in was used, without where; for admins. */
export type UsageCount = Result<"/api/v1/admin/uses">[number];
