import Icon from '@mui/icons-material/ReportProblemOutlined';
import type { RaRecord } from 'react-admin';
import { causeOf } from './causes';
import { FindingList } from './FindingList';
import { FindingShow } from './FindingShow';

export const findings = {
  name: 'findings',
  icon: Icon,
  list: FindingList,
  show: FindingShow,
  recordRepresentation: ({ cause }: RaRecord) => causeOf(cause).title,
};
