import { Field, Input, Stack } from "@chakra-ui/react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useId } from "react";

import { refetchAll, storeCredentials } from "../api/queries";
import type { AccountView } from "../api/types";
import { nameOf, secretName } from "../messages/status";
import { problemFrom } from "../signin/useSignIn";
import { ProblemCallout } from "./Callout";
import { Confirm } from "./Confirm";
import { t } from "../words/words";

interface Props {
  account: AccountView;
  open: boolean;
  onClose: () => void;
}

const text = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === "string" ? value : "";
};

/** The form for a service that knows no sign-in page: the user's own key, or name and password. */
export const Credentials = ({ account, open, onClose }: Props) => {
  const id = useId();
  const store = useMutation({
    mutationFn: (form: FormData) =>
      storeCredentials(account.conn_id, {
        login: account.kind === "basic" ? text(form, "login") : null,
        key: text(form, "key"),
      }),
    onSuccess: async () => {
      await refetchAll();
      onClose();
    },
  });
  const problem = store.error ? problemFrom(store.error) : null;
  return (
    <Confirm
      open={open}
      title={t("credentials.title", { name: nameOf(account) })}
      action={t("button.save")}
      busy={store.isPending}
      form={id}
      onCancel={() => {
        store.reset();
        onClose();
      }}
    >
      <form
        id={id}
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          store.mutate(new FormData(event.currentTarget));
        }}
      >
        <Stack gap={4}>
          {problem ? <ProblemCallout problem={problem} /> : null}
          {account.kind === "basic" ? (
            <Field.Root required invalid={problem?.field === "login"}>
              <Field.Label>{t("credentials.login")}</Field.Label>
              <Input name="login" autoComplete="off" _dark={{ borderColor: "gray.600" }} />
            </Field.Root>
          ) : null}
          <Field.Root required invalid={problem?.field === "key"}>
            <Field.Label>{secretName(account.kind)}</Field.Label>
            <Input name="key" type="password" autoComplete="off" _dark={{ borderColor: "gray.600" }} />
            <Field.HelperText>
              {t("credentials.hint")}
            </Field.HelperText>
          </Field.Root>
        </Stack>
      </form>
    </Confirm>
  );
};
