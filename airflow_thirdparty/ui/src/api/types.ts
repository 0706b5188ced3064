/** What the server and the page say to each other: the JSON of `/third-party-accounts/api/v1`. */

export type Status =
  | "signed_in"
  | "sign_in_needed"
  | "lapsed"
  | "account_changed"
  | "scopes_missing"
  | "service_unreachable";

export type Kind = "oauth2" | "key" | "basic";

/** Something went wrong, in words: what happened and what to do about it. */
export interface Problem {
  code: string;
  message: string;
  remedy: string;
  field?: string | null;
  link?: string | null;
}

export interface Identity {
  subject: string;
  name: string | null;
}

/** One account as the caller sees it, with their own sign-in only. */
export interface AccountView {
  conn_id: string;
  service: string;
  service_name: string;
  icon: string;
  kind: Kind;
  description: string | null;
  status: Status;
  status_text: string;
  status_at: string | null;
  identity: Identity | null;
  scopes: string[];
  missing_scopes: string[];
  /** End of the access token; of little interest to people when `refreshable`. */
  expires_at: string | null;
  refreshable: boolean;
  signed_in_at: string | null;
  last_used_at: string | null;
  sign_in_allowed: boolean;
  problem: Problem | null;
}

export interface Caller {
  user_name: string;
  is_admin: boolean;
}

export interface AccountList {
  accounts: AccountView[];
  user: Caller;
  warnings: string[];
}

export interface SignInStarted {
  /** Null when the credential of a `key` or `basic` account was stored at once. */
  authorization_url: string | null;
}

export interface SignOutResult {
  /** `revoked`: the service ended the grant; `forgotten`: only Airflow deleted it. */
  result: "revoked" | "forgotten";
  message: string;
}

/** The consent of one user to let runs that nobody triggered act with their account. */
export interface Delegation {
  conn_id: string;
  user_name: string;
  is_me: boolean;
  scheduled: boolean;
  asset_events: boolean;
  expires_at: string | null;
  /** True when the consent holds for the present code of the DAG only. */
  pinned: boolean;
  /** `code_changed`: pinned, and the DAG's code is no longer the one agreed to. */
  state: "active" | "expired" | "code_changed" | "delegate_gone";
  created_at: string | null;
}

export interface DelegationList {
  delegations: Delegation[];
  /** Whether the caller may make one. */
  allowed: boolean;
}

export interface DagAccount {
  account: AccountView;
  /** Ids of the tasks in which the account was found. */
  found_in: string[];
}

export interface DagWarning {
  code?: string;
  message: string;
  /** Behind "Why?": paragraphs apart by blank lines, the first line of each its heading. */
  why?: string | null;
}

export interface DagAccounts {
  accounts: DagAccount[];
  warning: DagWarning | null;
}

export interface DelegationRequest {
  conn_id: string;
  scheduled: boolean;
  asset_events: boolean;
  expires_at: string | null;
  pinned: boolean;
}

/** What became of one account in a task instance. */
export interface TaskAccountUse {
  conn_id: string;
  /** The caller's own view of the account, where they may see it. */
  account: AccountView | null;
  outcome: "used" | "refused";
  /** Whose account was used. */
  user_name: string | null;
  at: string | null;
  error: Problem | null;
}

export interface TaskAccount {
  acting_user: {
    user_name: string | null;
    /** True when that user is the caller. */
    is_me: boolean;
    /** True when that user let runs without a user act as them. */
    delegated: boolean;
    /** Why this user, or why nobody, in words. */
    reason: string;
  };
  uses: TaskAccountUse[];
}

/** One try of a task instance that used the caller's sign-in. */
export interface Usage {
  conn_id: string;
  dag_id: string;
  run_id: string;
  task_id: string;
  /** -1 where the task is not mapped. */
  map_index: number;
  try_number: number;
  first_at: string;
  last_at: string;
  times: number;
}

export interface UsagePage {
  uses: Usage[];
  total: number;
}

/** How much one person's sign-in was used, without where; for admins. */
export interface UsageCount {
  conn_id: string;
  user_name: string;
  task_instances: number;
  times: number;
  last_at: string;
}

/** An account without anybody's sign-in; for admins. */
export interface AccountOverview {
  conn_id: string;
  service: string;
  service_name: string;
  icon: string;
  problem: Problem | null;
  problem_at: string | null;
  sign_ins: number;
  lapsed: number;
}

/** A public DAG that uses accounts; for admins. */
export interface DagAtRisk {
  dag_id: string;
  file: string;
  bundle: string;
  accounts: string[];
  /** Whether it uses an account that is only known when it runs. */
  unknown: boolean;
  acknowledged: boolean;
}

export interface DelegationOfDag extends Delegation {
  dag_id: string;
}

/** What the sign-in window says when it is done, over BroadcastChannel. */
export interface SignInEvent {
  type: "sign-in";
  conn_id: string;
  ok: boolean;
  code?: string;
  message?: string;
  remedy?: string;
}
