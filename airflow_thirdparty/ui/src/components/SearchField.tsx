import { Input } from "@chakra-ui/react";

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
}

/** Where one types what a list is to be searched for. */
export const SearchField = ({ label, value, onChange }: Props) => (
  <Input
    type="search"
    size="sm"
    flex="1 1 14rem"
    maxW="20rem"
    aria-label={label}
    placeholder={label}
    value={value}
    onChange={(event) => {
      onChange(event.target.value);
    }}
    _dark={{ borderColor: "gray.600" }}
  />
);
