import Icon from '@mui/icons-material/CompareArrowsOutlined';
import { RunList } from './RunList';
import { RunShow } from './RunShow';

export const reconcileRuns = {
  name: 'reconcile-runs',
  icon: Icon,
  list: RunList,
  show: RunShow,
  options: { label: 'Reconcile runs' },
};
