import { Box, Input, SimpleGrid, Stack, Text } from "@chakra-ui/react";
import { useState } from "react";

import type { PresetInGallery } from "../api/types";
import { found } from "../messages/registry";
import { t } from "../words/words";
import { ServiceIcon } from "./icons";
import { LINE } from "./Surface";

interface Props {
  presets: readonly PresetInGallery[];
  onChoose: (service: string) => void;
}

/** The services by name, to search and to choose from. */
export const ServiceGallery = ({ presets, onChoose }: Props) => {
  const [search, setSearch] = useState("");
  const shown = found(presets, search);
  return (
    <Stack gap={3}>
      <Input
        type="search"
        size="sm"
        aria-label={t("add.search")}
        placeholder={t("add.search")}
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
        }}
        _dark={{ borderColor: "gray.600" }}
      />
      <SimpleGrid as="ul" columns={{ base: 1, sm: 2, md: 3 }} gap={2} m={0} p={0} listStyleType="none" aria-label={t("add.services")}>
        {shown.map((preset) => (
          <li key={preset.id}>
            <Box
              as="button"
              display="flex"
              alignItems="center"
              gap={3}
              w="full"
              textAlign="start"
              cursor="pointer"
              borderWidth="1px"
              borderRadius="md"
              px={3}
              py={2}
              color="fg"
              _hover={{ bg: "bg.muted" }}
              onClick={() => {
                onChoose(preset.id);
              }}
              {...LINE}
            >
              <ServiceIcon icon={preset.icon} name={preset.name} />
              <Text fontSize="sm">{preset.name}</Text>
            </Box>
          </li>
        ))}
      </SimpleGrid>
      {shown.length === 0 ? (
        <Text fontSize="sm" role="status">
          {t("add.nothing_found")}
        </Text>
      ) : null}
    </Stack>
  );
};
