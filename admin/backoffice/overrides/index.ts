import OverrideIcon from '@mui/icons-material/LockClockOutlined';
import { GrantOverride } from './GrantOverride';
import { OverrideList } from './OverrideList';
import { OverrideShow } from './OverrideShow';

export const overrides = {
  name: 'overrides',
  icon: OverrideIcon,
  list: OverrideList,
  show: OverrideShow,
  create: GrantOverride,
};
